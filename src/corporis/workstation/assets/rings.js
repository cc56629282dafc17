// Sectors whose colours and numbers follow the clock.
(() => {
  if (!study.rings) return;
  const cells = Array.from(document.querySelectorAll("svg [data-cell]"));
  let shown = -1;
  clock.listen(() => {
    if (clock.frame === shown) return;
    shown = clock.frame;
    for (const element of cells) {
      const cell = study.rings[Number(element.dataset.cell)];
      const n = cell.colours.length;
      const frame = n === clock.count ? shown : Math.round((shown / clock.count) * n) % n;
      if (element.tagName === "path") element.setAttribute("fill", cell.colours[frame]);
      else {
        if (!element.classList.contains("number")) element.textContent = cell.words[frame];
        element.style.fill = cell.inks[frame];
      }
    }
  });
})();
