// What the page knows: the events, the heat maps, and where things are at a moment.
"use strict";

const scene = JSON.parse(document.getElementById("data").textContent);
const maps = JSON.parse(document.getElementById("maps").textContent);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const radians = (degrees) => (degrees * Math.PI) / 180;

// Returns the index of the last of the sorted `times` that is not after `time`, or -1.
function lastAt(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function clockText(seconds, digits = 1) {
  const factor = 10 ** digits;
  const rounded = Math.round(seconds * factor) / factor;
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor(rounded / 60) % 60;
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const sounding = (time) =>
  scene.events.filter((event) => event.onset <= time && time < event.offset);

// Returns {azimuth, elevation, box} of an event at a moment; null where nothing is known.
function placeAt(event, time) {
  if (!event.t.length) return null;
  const i = Math.max(0, lastAt(event.t, time));
  const box = event.box ? event.box[i] : null;
  if (event.az[i] === null) return box ? { azimuth: null, elevation: null, box } : null;
  let azimuth = event.az[i];
  let elevation = event.el[i] ?? 0;
  const j = Math.min(i + 1, event.t.length - 1);
  const step = event.t[j] - event.t[i];
  if (step > 0 && event.az[j] !== null) {
    const share = clamp((time - event.t[i]) / step, 0, 1);
    const turn = ((event.az[j] - azimuth + 540) % 360) - 180; // the shorter way round
    azimuth = ((azimuth + share * turn + 540) % 360) - 180;
    elevation += share * ((event.el[j] ?? 0) - elevation);
  }
  return { azimuth, elevation, box };
}

// Returns where a direction lies in a picture, as shares of its width and height; with `side`
// instead where it lies beside the picture.
function project(projection, azimuth, elevation) {
  if (projection.kind === "equirectangular") {
    return { x: (180 - azimuth) / 360, y: (90 - elevation) / 180 };
  }
  if (projection.fov === null) return null;
  const front = Math.cos(radians(azimuth)) * Math.cos(radians(elevation));
  const left = Math.sin(radians(azimuth)) * Math.cos(radians(elevation));
  const focal = 0.5 / Math.tan(radians(projection.fov / 2)); // in picture widths
  const x = 0.5 - (focal * left) / front;
  const aspect = projection.width / projection.height;
  const y = 0.5 - (focal * Math.sin(radians(elevation)) * aspect) / front;
  if (front > 1e-6 && x >= 0 && x <= 1 && y >= 0 && y <= 1) return { x, y };
  return { side: left > 0 ? "left" : "right" };
}

async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Inflates a heat map when it is first wanted.
async function loadMap(map) {
  if (!map.values) {
    map.values = await inflate(map.data);
    map.data = null;
  }
}

// Writes a heat map at a moment into `pixels` (RGBA), gliding between its frames.
function paintMap(map, time, pixels) {
  const size = map.width * map.height;
  const beyond = time < map.start || time >= endOf(map);
  if (!map.values || beyond) {
    pixels.fill(0);
    return false;
  }
  const middle = time - map.hop / 2;
  const first = clamp(
    map.times ? lastAt(map.times, middle) : Math.floor((middle - map.start) / map.hop + 1e-6),
    0, map.frames - 1);
  const second = Math.min(first + 1, map.frames - 1);
  const t0 = map.times ? map.times[first] : map.start + first * map.hop;
  const t1 = map.times ? map.times[second] : map.start + second * map.hop;
  const share = t1 > t0 ? clamp((middle - t0) / (t1 - t0), 0, 1) : 0;
  const { values } = map;
  const { colors } = scene;
  let found = false;
  for (let i = 0; i < size; i += 1) {
    const a = values[first * size + i];
    const value = Math.round(a + share * (values[second * size + i] - a));
    found = found || value > 0;
    pixels[4 * i] = colors[3 * value];
    pixels[4 * i + 1] = colors[3 * value + 1];
    pixels[4 * i + 2] = colors[3 * value + 2];
    pixels[4 * i + 3] = value;
  }
  return found;
}

function endOf(map) {
  const last = map.times ? map.times[map.frames - 1] : map.start + (map.frames - 1) * map.hop;
  return last + map.hop;
}
