// The images with their outlines: one canvas a view, all at the clock's frame.
(() => {
  const root = document.querySelector(".player");
  if (!root) return;
  const { views, outlines } = study.player;
  const shown = new Set(outlines.map((outline) => outline.name));
  let waiting = views.length;

  const tiles = Array.from(root.querySelectorAll(".tile")).map((button, index) => {
    const view = views[index], picture = new Image(), canvas = button.querySelector("canvas");
    const tile = { view, picture, canvas, button, frame: -1 };
    picture.addEventListener("load", () => {
      tile.frame = -1;
      draw(tile);
      waiting -= 1;
      if (!waiting) page.dataset.player = "drawn";
    });
    picture.src = view.source;
    button.addEventListener("click", () => enlarge(tile));
    new ResizeObserver(() => {
      const width = Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 3));
      if (!width || width === canvas.width) return;
      canvas.width = width;
      canvas.height = Math.round(width / view.aspect);
      tile.frame = -1;
      draw(tile);
    }).observe(canvas);
    return tile;
  });

  function draw(tile) {
    const { view, picture, canvas } = tile;
    // Views with another number of frames are shown at the same phase.
    const phase = clock.frame / clock.count;
    const frame = view.frames === clock.count ? clock.frame : Math.round(phase * view.frames) % view.frames;
    if (frame === tile.frame || !picture.complete || !picture.naturalWidth) return;
    tile.frame = frame;
    const context = canvas.getContext("2d"), [rows, columns] = view.size;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      picture, (frame % view.columns) * view.cell[1], Math.floor(frame / view.columns) * view.cell[0],
      columns, rows, 0, 0, canvas.width, canvas.height);
    const perPixel = canvas.width / Math.max(canvas.clientWidth, 1);
    const isLarge = tile.button.classList.contains("large");
    const across = (canvas.width * view.scale) / (10 * columns);
    const down = (canvas.height * view.scale) / (10 * rows);
    context.lineJoin = "round";
    context.lineWidth = (isLarge ? 2.2 : 1.5) * perPixel;
    for (const { name, colour } of outlines) {
      if (!shown.has(name) || !view.contours[name]) continue;
      context.strokeStyle = colour;
      context.beginPath();
      for (const line of view.contours[name][frame]) {
        for (let i = 0; i < line.length; i += 2) {
          context[i ? "lineTo" : "moveTo"](line[i] * across, line[i + 1] * down);
        }
        const end = line.length - 2;
        if (line[0] === line[end] && line[1] === line[end + 1]) context.closePath();
      }
      context.stroke();
    }
    if (isLarge && view.mm) scaleBar(context, canvas, 20 * (canvas.width * view.scale) / (columns * view.mm), perPixel);
  }

  function scaleBar(context, canvas, length, perPixel) {
    const x = canvas.width - 18 * perPixel, y = canvas.height - 18 * perPixel;
    context.lineCap = "butt";
    context.strokeStyle = context.fillStyle = "#ffffff";
    context.beginPath();
    context.moveTo(x - length, y);
    context.lineTo(x, y);
    context.stroke();
    context.font = `${12 * perPixel}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.fillText("20 mm", x - length / 2, y - 7 * perPixel);
  }

  function enlarge(tile) {
    const wasLarge = tile.button.classList.contains("large");
    for (const other of tiles) {
      other.button.classList.toggle("large", other === tile && !wasLarge);
      other.button.setAttribute("aria-expanded", String(other === tile && !wasLarge));
      other.frame = -1;
      draw(other);
    }
  }

  root.querySelectorAll("input[data-outline]").forEach((box) =>
    box.addEventListener("change", () => {
      shown[box.checked ? "add" : "delete"](box.dataset.outline);
      tiles.forEach((tile) => { tile.frame = -1; draw(tile); });
    }));
  root.addEventListener("keydown", (event) => {
    const large = tiles.find((tile) => tile.button.classList.contains("large"));
    if (event.key === "Escape" && large) enlarge(large);
  });
  clock.listen(() => tiles.forEach(draw));
})();
