// The page itself: the player, the controls, and one loop that draws what is seen.
(() => {
  const find = (id) => document.getElementById(id);
  const stage = find("stage");
  const settings = { map: null, opacity: 0.8, names: true };
  const projection = scene.projection;

  // Without a sound or video that plays, time runs by itself.
  class OwnClock {
    constructor() {
      this.paused = true;
      this.playbackRate = 1;
      this.muted = false;
      this.base = 0;
      this.since = 0;
    }

    get currentTime() {
      if (this.paused) return this.base;
      const time = this.base + ((performance.now() - this.since) / 1000) * this.playbackRate;
      if (time < scene.duration) return time;
      this.paused = true;
      this.base = scene.duration;
      return this.base;
    }

    set currentTime(time) {
      this.base = time;
      this.since = performance.now();
    }

    play() {
      this.base = this.base >= scene.duration ? 0 : this.base;
      this.since = performance.now();
      this.paused = false;
      return Promise.resolve();
    }

    pause() {
      this.base = this.currentTime;
      this.paused = true;
    }
  }

  let player = find("player") ?? new OwnClock();
  if (player instanceof HTMLElement) {
    player.addEventListener("error", () => {
      const name = player.getAttribute("src");
      const message = find("message");
      message.textContent = `${name} is missing or cannot be played here; the page runs without it.`;
      message.hidden = false;
      const time = player.currentTime;
      player = new OwnClock();
      player.currentTime = time;
    });
  }
  const duration = Math.max(scene.duration, 0.1);
  const seek = (time) => {
    player.currentTime = clamp(time, 0, duration - 0.001);
    wake();
  };
  const toggle = () => {
    if (player.paused) player.play().catch(() => {});
    else player.pause();
    wake();
  };

  // --- what is drawn -------------------------------------------------------------------------

  const view = new TimeView(duration);
  const timeline = new Timeline(find("timeline"), view);
  const azimuth = new AzimuthPlot(find("azimuth"), view);
  const rows = [...document.querySelectorAll("tr[data-event]")];
  const hasSphere = scene.events.some((event) => event.azimuth !== null) &&
    projection !== null && projection.kind !== "equirectangular" && scene.picture !== "none";
  const sphereProjection = { kind: "equirectangular" };
  find("sphere-card").hidden = !hasSphere;
  const hasAngles = scene.events.some((event) => event.azimuth !== null);
  find("azimuth").hidden = !hasAngles;
  find("azimuth-title").hidden = !hasAngles;
  const isPlain = scene.picture === "none";
  stage.classList.toggle("plain", isPlain);

  function drawStage(time) {
    const { context, width, height } = sizedContext(find("overlay"));
    const shown = isPlain ? (projection ?? sphereProjection) : projection;
    const isSphere = shown.kind === "equirectangular";
    const aspect = isPlain && isSphere ? 2 : shown.width / shown.height;
    const area = fitted(width, height, aspect);
    if (isPlain && isSphere) drawGrid(context, area);
    const map = maps[settings.map];
    if (map && map.projection === shown.kind) drawMap(context, map, time, area, settings.opacity);
    const options = { names: settings.names, trails: isPlain && isSphere };
    drawEvents(context, time, shown, area, options);
  }

  function drawSphere(time) {
    if (!hasSphere) return;
    const { context, width, height } = sizedContext(find("sphere"));
    const area = { x: 0, y: 0, width, height };
    drawGrid(context, area);
    const map = Object.values(maps).find((m) => m.projection === "equirectangular" && m.values);
    if (map) drawMap(context, map, time, area, settings.opacity);
    drawEvents(context, time, sphereProjection, area, { names: settings.names, trails: true });
  }

  let stamp = "";
  function draw() {
    const time = clamp(player.currentTime, 0, duration);
    if (!player.paused && view.follow(time)) timeline.isStale = azimuth.isStale = true;
    drawStage(time);
    drawSphere(time);
    timeline.draw(time);
    if (hasAngles) azimuth.draw(time);
    const text = `${clockText(time)} / ${clockText(duration)}`;
    if (find("clock").textContent !== text) find("clock").textContent = text;
    if (document.activeElement !== find("seek") || !player.paused) find("seek").value = time;
    const now = rows.map((row) => {
      const event = scene.events[row.dataset.event];
      return event.onset <= time && time < event.offset ? "1" : "";
    });
    if (now.join() !== stamp) {
      stamp = now.join();
      rows.forEach((row, i) => row.classList.toggle("sounding", now[i] === "1"));
    }
    const isPaused = player.paused;
    find("play").setAttribute("aria-label", isPaused ? "Play" : "Pause");
    find("play-shape").setAttribute("d", isPaused ? "M7 4.5v15l12.5-7.5z" : "M6 5h4v14H6zM14 5h4v14h-4z");
  }

  // While nothing moves, nothing is drawn.
  let isAwake = false;
  function loop() {
    draw();
    isAwake = !player.paused;
    if (isAwake) requestAnimationFrame(loop);
  }
  function wake() {
    if (isAwake) return;
    isAwake = true;
    requestAnimationFrame(loop);
  }
  function redraw() {
    timeline.isStale = true;
    azimuth.isStale = true;
    wake();
  }

  // --- controls ------------------------------------------------------------------------------

  find("seek").max = duration;
  find("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
  find("play").addEventListener("click", toggle);
  stage.addEventListener("click", toggle);
  const mute = () => {
    player.muted = !player.muted;
    find("mute").setAttribute("aria-pressed", String(player.muted));
    find("mute-shape").setAttribute("d", player.muted
      ? "M4 9v6h4l5 4V5L8 9zM16 9.5l5 5M21 9.5l-5 5"
      : "M4 9v6h4l5 4V5L8 9zM15.5 8.5a5 5 0 0 1 0 7M18 6a8.5 8.5 0 0 1 0 12");
  };
  find("mute").addEventListener("click", mute);
  find("speed").addEventListener("change", (event) => {
    const time = player.currentTime;
    player.playbackRate = Number(event.target.value);
    if (player instanceof OwnClock) player.currentTime = time;
  });
  const full = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen?.();
  };
  find("full").addEventListener("click", full);
  for (const kind of ["play", "pause", "seeked", "seeking", "loadeddata", "ended"]) {
    if (player instanceof HTMLElement) player.addEventListener(kind, wake);
  }

  // Maps that can be laid over what the stage shows.
  const shownKind = isPlain && !projection ? "equirectangular" : projection?.kind;
  const kinds = Object.keys(maps).filter((kind) => maps[kind].projection === shownKind);
  const order = ["acoustic", "synchrony", "similarity", "attention", "combined"].filter((kind) => kinds.includes(kind));
  const choose = (kind) => {
    settings.map = kind;
    for (const button of find("layers").children) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === (kind ?? "")));
    }
    if (!kind) {
      wake();
      return;
    }
    loadMap(maps[kind]).then(wake, () => {
      find("message").textContent = "This browser is too old to unpack heat maps.";
      find("message").hidden = false;
    });
  };
  const addLayer = (kind, text, hint) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.kind = kind ?? "";
    button.textContent = text;
    button.title = hint;
    button.addEventListener("click", () => choose(kind));
    find("layers").append(button);
  };
  addLayer(null, order.length ? "No heat map" : "No heat map found", "Key 0");
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  order.forEach((kind, i) => addLayer(kind, capital(maps[kind].title), `${kind} map, key ${i + 1}`));
  choose(order.at(-1) ?? null);
  if (hasSphere) {
    const onSphere = Object.values(maps).find((m) => m.projection === "equirectangular");
    if (onSphere) loadMap(onSphere).then(wake, () => {});
  }

  find("opacity").addEventListener("input", (event) => {
    settings.opacity = Number(event.target.value);
    wake();
  });
  const names = find("names");
  names.addEventListener("change", () => {
    settings.names = names.checked;
    wake();
  });

  const table = find("table");
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-event]");
    if (row) seek(scene.events[row.dataset.event].onset);
  });

  const tip = find("tip");
  for (const plot of [timeline, azimuth]) {
    const { canvas } = plot;
    let isDragged = false;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      isDragged = true;
      canvas.setPointerCapture(event.pointerId);
      const [x, y] = at(event);
      const hit = plot.eventAt(x, y);
      // A click on a name goes to the event; elsewhere to the time that was clicked.
      seek(plot.time(Math.max(x, GUTTER)));
      if (hit && x < GUTTER) seek(hit.onset);
    });
    canvas.addEventListener("pointerup", () => { isDragged = false; });
    canvas.addEventListener("pointercancel", () => { isDragged = false; });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (isDragged) seek(plot.time(x));
      const hit = x >= GUTTER ? plot.eventAt(x, y) : null;
      tip.hidden = x < GUTTER;
      const parts = [clockText(clamp(plot.time(x), 0, duration))];
      if (hit) {
        parts.push(hit.name);
        const place = placeAt(hit, plot.time(x));
        if (place && place.azimuth !== null) parts.push(`${Math.round(place.azimuth)}°`);
        if (hit.confidence !== null) parts.push(`confidence ${hit.confidence.toFixed(2)}`);
      }
      tip.textContent = parts.join(" · ");
      const card = canvas.parentElement.getBoundingClientRect();
      const left = event.clientX - card.left + 14;
      tip.style.left = `${Math.min(left, card.width - tip.offsetWidth - 8)}px`;
      tip.style.top = `${event.clientY - card.top + 16}px`;
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      if (event.ctrlKey) view.zoom(event.deltaY > 0 ? 1.25 : 0.8, plot.time(at(event)[0]));
      else view.moveTo(view.start + Math.sign(event.deltaY + event.deltaX) * 0.1 * (view.end - view.start));
      redraw();
    }, { passive: false });
  }
  const zoom = (factor) => () => {
    view.zoom(factor, clamp(player.currentTime, view.start, view.end));
    redraw();
  };
  find("zoom-in").addEventListener("click", zoom(0.5));
  find("zoom-out").addEventListener("click", zoom(2));
  find("zoom-all").addEventListener("click", () => {
    view.moveTo(0, duration);
    redraw();
  });

  const keys = {
    " ": toggle,
    ArrowLeft: () => seek(player.currentTime - 1),
    ArrowRight: () => seek(player.currentTime + 1),
    ",": () => seek(player.currentTime - 0.1),
    ".": () => seek(player.currentTime + 0.1),
    Home: () => seek(0),
    m: mute,
    f: full,
    n: () => names.click(),
    0: () => choose(null),
  };
  order.forEach((kind, i) => { keys[i + 1] = () => choose(kind); });
  document.addEventListener("keydown", (event) => {
    const isForControl = event.target.closest("input, select, button, a, .scroll");
    const isOwn = event.key === " " || event.key.startsWith("Arrow") || event.key === "Home";
    if (event.ctrlKey || event.metaKey || event.altKey || (isForControl && isOwn)) return;
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  window.addEventListener("resize", redraw);
  document.addEventListener("fullscreenchange", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(redraw).observe(stage);
  find("still")?.addEventListener("load", redraw);
  wake();
})();
