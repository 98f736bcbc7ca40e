// Timeline and azimuth over time: both show the same stretch of time and a moving playhead.

const GUTTER = 118; // pixels to the left of both plots, for names and angles
const MARGIN = 28; // pixels to the right, for half of the last time

class TimeView {
  constructor(duration) {
    this.duration = Math.max(duration, 0.1);
    this.start = 0;
    this.end = this.duration;
  }

  zoom(factor, around) {
    const length = clamp((this.end - this.start) * factor, Math.min(2, this.duration), this.duration);
    const share = (around - this.start) / (this.end - this.start);
    this.moveTo(around - share * length, length);
  }

  moveTo(start, length = this.end - this.start) {
    this.start = clamp(start, 0, this.duration - length);
    this.end = this.start + length;
  }

  // Turns the page when the playhead leaves it.
  follow(time) {
    if (time < this.start || time > this.end) {
      this.moveTo(time - 0.1 * (this.end - this.start));
      return true;
    }
    return false;
  }
}

// Cuts a text so that it is at most `width` pixels broad.
function shortened(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

const themeColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Plot {
  constructor(canvas, view, heightPx) {
    this.canvas = canvas;
    this.view = view;
    canvas.style.height = `${heightPx}px`;
    this.still = document.createElement("canvas"); // everything but the playhead
    this.isStale = true;
  }

  x(time) {
    const share = (time - this.view.start) / (this.view.end - this.view.start);
    return GUTTER + share * (this.width - GUTTER - MARGIN);
  }

  time(x) {
    const share = (x - GUTTER) / (this.width - GUTTER - MARGIN);
    return this.view.start + share * (this.view.end - this.view.start);
  }

  draw(time) {
    const { context, width, height } = sizedContext(this.canvas);
    if (this.isStale || width !== this.width || height !== this.height) {
      this.width = width;
      this.height = height;
      this.still.width = this.canvas.width;
      this.still.height = this.canvas.height;
      const below = this.still.getContext("2d");
      const scale = window.devicePixelRatio || 1;
      below.setTransform(scale, 0, 0, scale, 0, 0);
      this.drawStill(below);
      this.isStale = false;
    }
    context.drawImage(this.still, 0, 0, width, height);
    const x = this.x(time);
    if (x < GUTTER - 1 || x > width) return;
    context.fillStyle = themeColor("--ink");
    context.fillRect(x - 1, 0, 2, this.bottom);
    context.beginPath();
    context.moveTo(x - 6, 0);
    context.lineTo(x + 6, 0);
    context.lineTo(x, 8);
    context.fill();
  }

  get bottom() {
    return this.height - 20;
  }

  drawTimes(context) {
    const span = this.view.end - this.view.start;
    const wanted = span / Math.max(2, (this.width - GUTTER) / 90);
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
    const step = steps.find((s) => s >= wanted) ?? 7200;
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    for (let n = Math.ceil(this.view.start / step - 1e-6); n * step <= this.view.end + 1e-6; n += 1) {
      const x = this.x(n * step);
      context.fillStyle = themeColor("--rule");
      context.fillRect(x, 0, 1, this.bottom);
      context.fillStyle = themeColor("--muted");
      const text = scene.duration < 60
        ? `${(n * step).toFixed(step < 1 ? 1 : 0)} s`
        : clockText(n * step, step < 1 ? 1 : 0);
      context.fillText(text, x, this.height - 5);
    }
  }

  clipToTime(context) {
    context.beginPath();
    context.rect(GUTTER, 0, this.width - GUTTER - MARGIN, this.bottom);
    context.clip();
  }
}

class Timeline extends Plot {
  constructor(canvas, view) {
    const lanes = Math.max(1, scene.lanes.length);
    const lane = lanes > 24 ? 17 : 25;
    super(canvas, view, lanes * lane + 26);
    this.lane = lane;
  }

  drawStill(context) {
    context.fillStyle = themeColor("--lane");
    for (let i = 0; i < scene.lanes.length; i += 2) {
      context.fillRect(GUTTER, i * this.lane, this.width - GUTTER - MARGIN, this.lane);
    }
    this.drawTimes(context);
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = themeColor("--ink");
    context.textAlign = "right";
    scene.lanes.forEach((name, i) => {
      context.fillText(shortened(context, name, GUTTER - 12), GUTTER - 8, (i + 0.5) * this.lane + 4);
    });
    this.halo = themeColor("--card"); // looked up once: there may be thousands of bars
    this.ink = themeColor("--ink");
    context.save();
    this.clipToTime(context);
    for (const event of scene.events) this.drawBar(context, event);
    context.restore();
    if (!scene.events.length) {
      context.fillStyle = themeColor("--muted");
      context.textAlign = "center";
      context.fillText("nothing located", (GUTTER + this.width) / 2, this.bottom / 2 + 4);
    }
  }

  drawBar(context, event) {
    const left = this.x(event.onset);
    const width = Math.max(3, this.x(event.offset) - left);
    const top = event.lane * this.lane + 3;
    const high = this.lane - 6;
    context.globalAlpha = event.confidence === null ? 0.85 : 0.2 + 0.8 * event.confidence;
    context.fillStyle = event.color;
    context.beginPath();
    context.roundRect(left, top, width, high, 3);
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = event.color;
    context.lineWidth = 1;
    context.stroke();
    if (scene.lanes[event.lane]) return;
    // A lane without a name: the bar carries it where it is long enough.
    const start = Math.max(left, GUTTER) + 4;
    if (start + context.measureText(event.name).width + 4 > left + width) return;
    context.textAlign = "left";
    context.lineWidth = 3;
    context.strokeStyle = this.halo;
    context.strokeText(event.name, start, top + high / 2 + 4);
    context.fillStyle = this.ink;
    context.fillText(event.name, start, top + high / 2 + 4);
  }

  eventAt(x, y) {
    const time = this.time(x);
    const slack = (4 / (this.width - GUTTER)) * (this.view.end - this.view.start);
    const lane = Math.floor(y / this.lane);
    return scene.events.find((event) => event.lane === lane &&
      event.onset - slack <= time && time <= event.offset + slack);
  }
}

class AzimuthPlot extends Plot {
  constructor(canvas, view) {
    super(canvas, view, 250);
  }

  y(azimuth) {
    return 8 + ((180 - azimuth) / 360) * (this.bottom - 12);
  }

  drawStill(context) {
    context.clearRect(0, 0, this.width, this.height);
    this.drawTimes(context);
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "right";
    for (const [azimuth, name] of [
      [180, "behind +180°"], [90, "left +90°"], [0, "front 0°"],
      [-90, "right −90°"], [-180, "behind −180°"]]) {
      const y = this.y(azimuth);
      context.fillStyle = themeColor("--rule");
      context.fillRect(GUTTER, y, this.width - GUTTER - MARGIN, 1);
      context.fillStyle = themeColor("--muted");
      context.fillText(name, GUTTER - 8, clamp(y + 4, 12, this.bottom));
    }
    context.save();
    this.clipToTime(context);
    for (const event of scene.events) this.drawTrack(context, event);
    context.restore();
  }

  drawTrack(context, event) {
    context.strokeStyle = event.color;
    context.fillStyle = event.color;
    context.lineWidth = 2.5;
    context.lineCap = "round";
    context.globalAlpha = event.confidence === null ? 1 : 0.35 + 0.65 * event.confidence;
    context.beginPath();
    let last = -1;
    // A thinned track has longer steps; they are still one line.
    const gap = Math.max(0.25, 1.5 * ((event.t[1] ?? 0) - (event.t[0] ?? 0)));
    event.t.forEach((time, i) => {
      const azimuth = event.az[i];
      if (azimuth === null) {
        last = -1;
        return;
      }
      const isJoined = last >= 0 && time - event.t[last] <= gap;
      if (!isJoined) {
        context.moveTo(this.x(time), this.y(azimuth));
        context.lineTo(this.x(time) + 0.01, this.y(azimuth));
      } else if (Math.abs(azimuth - event.az[last]) > 180) {
        // Behind the listener: out over one edge, in over the other.
        const edge = event.az[last] > 0 ? 180 : -180;
        const share = (edge - event.az[last]) / (azimuth + 2 * edge - event.az[last]);
        const x = this.x(event.t[last] + share * (time - event.t[last]));
        context.lineTo(x, this.y(edge));
        context.moveTo(x, this.y(-edge));
        context.lineTo(this.x(time), this.y(azimuth));
      } else {
        context.lineTo(this.x(time), this.y(azimuth));
      }
      last = i;
    });
    context.stroke();
    context.globalAlpha = 1;
  }

  eventAt(x, y) {
    const time = this.time(x);
    return scene.events.find((event) => {
      if (time < event.onset - 0.05 || time > event.offset + 0.05) return false;
      const place = placeAt(event, time);
      return place && place.azimuth !== null && Math.abs(this.y(place.azimuth) - y) < 7;
    });
  }
}
