"""`python -m hearsight` is the command `hearsight`."""

from hearsight.cli import main

if __name__ == "__main__":
    main()
