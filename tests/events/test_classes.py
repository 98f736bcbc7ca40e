import pytest

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2020, DCASE_2021, class_list


def test_sizes_and_places_of_the_challenges():
    assert [len(class_list(year)) for year in range(2020, 2026)] == [14, 12, 13, 13, 13, 13]
    assert class_list(2022) == class_list(2025)
    assert class_list(2020)[13] == class_list(2021)[11] == "piano"
    assert set(DCASE_2020) - set(DCASE_2021) == {"running engine", "burning fire"}
    assert class_list(2023)[6] == "footsteps"


@pytest.mark.parametrize("year", range(2020, 2026))
def test_no_class_twice(year):
    assert len(set(class_list(year))) == len(class_list(year))


@pytest.mark.parametrize("year", [2019, 2026])
def test_other_years_have_no_list(year):
    with pytest.raises(InputError, match=str(year)):
        class_list(year)
