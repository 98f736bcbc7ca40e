// Drawing over the picture, and on the map of all directions.

// A canvas that always has as many pixels as it has on the screen.
function sizedContext(canvas) {
  const scale = window.devicePixelRatio || 1;
  const box = canvas.getBoundingClientRect();
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, box.width, box.height);
  return { context, width: box.width, height: box.height };
}

// Small canvases, one per map, that hold the map at one value per pixel.
const painted = new Map();

function drawMap(context, map, time, area, opacity) {
  if (!painted.has(map)) {
    const small = document.createElement("canvas");
    small.width = map.width;
    small.height = map.height;
    painted.set(map, { small, image: new ImageData(map.width, map.height) });
  }
  const { small, image } = painted.get(map);
  if (!paintMap(map, time, image.data)) return;
  small.getContext("2d").putImageData(image, 0, 0);
  context.save();
  context.globalAlpha = opacity;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, area.x, area.y, area.width, area.height);
  context.restore();
}

// Returns the part of a box that a picture of the given aspect fills when it is fitted in.
function fitted(width, height, aspect) {
  const wide = Math.min(width, height * aspect);
  const high = wide / aspect;
  return { x: (width - wide) / 2, y: (height - high) / 2, width: wide, height: high };
}

function drawGrid(context, area) {
  context.save();
  context.strokeStyle = "#ffffff26";
  context.fillStyle = "#ffffff99";
  context.lineWidth = 1;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.beginPath();
  for (let azimuth = -135; azimuth <= 135; azimuth += 45) {
    const x = area.x + ((180 - azimuth) / 360) * area.width;
    context.moveTo(x, area.y);
    context.lineTo(x, area.y + area.height);
  }
  for (let elevation = -60; elevation <= 60; elevation += 30) {
    const y = area.y + ((90 - elevation) / 180) * area.height;
    context.moveTo(area.x, y);
    context.lineTo(area.x + area.width, y);
  }
  context.stroke();
  context.strokeStyle = "#ffffff55";
  context.strokeRect(area.x + 0.5, area.y + 0.5, area.width - 1, area.height - 1);
  for (const [azimuth, name] of [[90, "left"], [0, "front"], [-90, "right"]]) {
    const x = area.x + ((180 - azimuth) / 360) * area.width;
    context.fillText(name, x, area.y + area.height - 6);
  }
  context.textAlign = "left";
  context.fillText("behind", area.x + 5, area.y + area.height - 6);
  context.textAlign = "right";
  context.fillText("behind", area.x + area.width - 5, area.y + area.height - 6);
  context.restore();
}

// Draws where an event has been during the last seconds.
function drawTrail(context, event, time, area) {
  context.save();
  context.strokeStyle = event.color;
  context.globalAlpha = 0.55;
  context.lineWidth = 3;
  context.lineCap = "round";
  context.beginPath();
  let before = null;
  const start = Math.max(0, lastAt(event.t, time - 3));
  for (let i = start; i < event.t.length && event.t[i] <= time; i += 1) {
    if (event.az[i] === null) {
      before = null;
      continue;
    }
    const x = area.x + ((180 - event.az[i]) / 360) * area.width;
    const y = area.y + ((90 - (event.el[i] ?? 0)) / 180) * area.height;
    if (before === null || Math.abs(x - before) > area.width / 2) context.moveTo(x, y);
    else context.lineTo(x, y);
    before = x;
  }
  context.stroke();
  context.restore();
}

function drawMark(context, x, y, color, radius) {
  for (const [width, style] of [[radius * 0.4 + 3, "#0e121ab0"], [radius * 0.4 + 0.5, color]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
  context.beginPath();
  context.arc(x, y, radius * 0.78, 0, 2 * Math.PI);
  context.lineWidth = 1.2;
  context.strokeStyle = "#fff";
  context.stroke();
}

const overlaps = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// Writes a name at the first of the wished-for corners that is free and inside `area`.
function drawName(context, text, color, corners, area, taken) {
  context.font = "600 13px system-ui, sans-serif";
  const shown = text.length > 32 ? `${text.slice(0, 31)}…` : text;
  const width = context.measureText(shown).width + 17;
  const height = 21;
  const places = corners(width, height).map(([x, y]) => ({ x, y, width, height }));
  const isInside = (place) =>
    place.x >= area.x && place.y >= area.y &&
    place.x + width <= area.x + area.width && place.y + height <= area.y + area.height;
  let place = places.find((p) => isInside(p) && !taken.some((other) => overlaps(p, other)));
  if (!place) {
    place = places[0];
    place.x = clamp(place.x, area.x, Math.max(area.x, area.x + area.width - width));
    place.y = clamp(place.y, area.y, Math.max(area.y, area.y + area.height - height));
  }
  taken.push(place);
  context.fillStyle = "#0e121acd";
  context.beginPath();
  context.roundRect(place.x, place.y, width, height, 3);
  context.fill();
  context.fillStyle = color;
  context.fillRect(place.x, place.y, 4, height);
  context.fillStyle = "#fff";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(shown, place.x + 10, place.y + height / 2 + 0.5);
  context.textBaseline = "alphabetic";
}

function besidePoint(x, y) {
  const gap = 13;
  return (width, height) => {
    const places = [];
    for (const n of [0, 1, -1, 2, -2, 3, -3]) {
      const top = y - height / 2 + n * (height + 2);
      places.push([x + gap, top], [x - gap - width, top]);
    }
    return places;
  };
}

const downFrom = (x, y) => (width, height) =>
  Array.from({ length: 12 }, (_, n) => [x, y + n * (height + 2)]);

const atSide = (side, area) => (width, height) =>
  Array.from({ length: 12 }, (_, n) => [
    side === "left" ? area.x + 4 : area.x + area.width - width - 4,
    area.y + area.height / 2 + n * (height + 2)]);

// Draws all events of a moment over a picture of the given projection.
function drawEvents(context, time, projection, area, settings) {
  const taken = [];
  const names = [];
  const radius = clamp(area.height / 50, 6, 13);
  for (const event of sounding(time)) {
    const place = placeAt(event, time);
    const { name, color } = event;
    if (settings.trails) drawTrail(context, event, time, area);
    const point = place && place.azimuth !== null &&
      project(projection, place.azimuth, place.elevation);
    if (place && place.box && projection.width) {
      const [left, top, width, height] = place.box;
      const x = area.x + (left / projection.width) * area.width;
      const y = area.y + (top / projection.height) * area.height;
      context.strokeStyle = color;
      context.lineWidth = 2;
      context.save();
      context.beginPath();
      context.rect(area.x, area.y, area.width, area.height);
      context.clip();
      const size = [(width / projection.width) * area.width,
        (height / projection.height) * area.height];
      context.strokeRect(x, y, ...size);
      if (projection.kind === "equirectangular") context.strokeRect(x - area.width, y, ...size);
      context.restore();
      names.push([name, color, downFrom(x, y - 23)]);
    } else if (point && point.side) {
      const text = point.side === "left" ? `◀ ${name}` : `${name} ▶`;
      names.push([text, color, atSide(point.side, area)]);
    } else if (point) {
      const x = area.x + point.x * area.width;
      const y = area.y + point.y * area.height;
      drawMark(context, x, y, color, radius);
      names.push([name, color, besidePoint(x, y)]);
    } else if (!settings.trails) { // on the map of directions only directions have a place
      names.push([name, color, downFrom(area.x + 6, area.y + 6)]);
    }
  }
  if (!settings.names) return;
  for (const [name, color, corners] of names) drawName(context, name, color, corners, area, taken);
}
