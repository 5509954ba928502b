// An incident's bars, drawn by uPlot over the still picture that the server sent. Times are by the viewer’s clock.
(() => {
  "use strict";

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const written = (options) => {
    const format = new Intl.DateTimeFormat(undefined, options);
    return (seconds) => format.format(new Date(seconds * 1000));
  };
  const day = written({ day: "numeric", month: "short" });
  const time = written({ hour: "2-digit", minute: "2-digit" });
  const named = written({ hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  const isMidnight = (seconds) => { const at = new Date(seconds * 1000); return at.getHours() + at.getMinutes() === 0; };
  const figure = new Intl.NumberFormat();

  const read = (area) => {
    const { start, step, counts } = area.dataset;
    const values = counts.split(",").map(Number);
    return [values.map((_, index) => Number(start) + index * Number(step)), values];
  };

  const options = (area, step) => ({
    width: area.clientWidth,
    height: area.clientHeight,
    padding: [6, 18, 0, 18],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { show: false } },
    // Each bar stands for the time from its mark on, so the last one needs room.
    scales: { x: { range: (_, least, most) => [least, most + step] }, y: { range: (_, __, most) => [0, Math.max(1, most)] } },
    axes: [
      { stroke: color("--ink-3"), grid: { show: false }, ticks: { show: false }, size: 18, gap: 2, border: { show: true, stroke: color("--line-strong"), width: 1 }, font: "11px system-ui, sans-serif",
        values: (_, marks) => marks.map((mark) => (step > 3600 || isMidnight(mark) ? day(mark) : time(mark))) },
      { show: false },
    ],
    series: [{}, { fill: color("--bar"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, Infinity], align: 1 }) }],
    hooks: { setCursor: [(plot) => tell(area, plot, step)], draw: [(plot) => mark(area, plot)] },
  });

  // When something changed: a release, a deploy. What it was stands below.
  const mark = (area, plot) => {
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.fillStyle = color("--amber");
    for (const at of (area.dataset.marks ?? "").split(",").filter(Boolean).map(Number)) {
      const x = Math.round(plot.valToPos(at, "x", true));
      if (x >= left && x <= left + width) plot.ctx.fillRect(x, top, Math.max(1, devicePixelRatio), height);
    }
    plot.ctx.restore();
  };

  // What lies under the pointer is said in the caption, where it covers nothing.
  const tell = (area, plot, step) => {
    const caption = area.parentElement.querySelector("figcaption .dim");
    if (!caption) return;
    caption.dataset.still ??= caption.textContent;
    const index = plot.cursor.idx;
    if (index == null || plot.cursor.left < 0) {
      caption.textContent = caption.dataset.still;
      return;
    }
    const from = plot.data[0][index];
    const many = plot.data[1][index];
    caption.textContent = `${figure.format(many)} ${many === 1 ? "event" : "events"}, ${day(from)} ${time(from)}–${named(from + step)}`;
  };

  // A click on a bar leads to the first event that is kept of its time; the table of events does the same without a script.
  const jump = (area) => {
    const table = document.querySelector("a[data-moments]");
    const bar = area.plot?.cursor.idx;
    // Where nothing can be pointed at, the first tap says what lies there, and the second one leads there.
    const isSaid = !matchMedia("(hover: none)").matches || area.tapped === bar;
    area.tapped = bar;
    if (!isSaid) return;
    if (table && bar != null && area.plot.data[1][bar]) location.assign(`${table.getAttribute("href")}/at?t=${area.plot.data[0][bar]}`);
  };
  document.addEventListener("click", (event) => {
    const area = event.target.closest(".chart-area");
    if (area) jump(area);
  });

  const drawnOf = (area) => [area.dataset.counts, area.dataset.start, area.dataset.marks].join("|");
  const draw = (area) => {
    const step = Number(area.dataset.step);
    area.plot?.destroy();
    area.replaceChildren();
    area.plot = new uPlot(options(area, step), read(area), area);
    area.drawn = drawnOf(area);
  };

  const drawAll = () => {
    for (const area of document.querySelectorAll(".chart-area")) {
      if (area.drawn !== drawnOf(area)) draw(area);
    }
  };
  const redrawAll = () => { for (const area of document.querySelectorAll(".chart-area")) draw(area); };

  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redrawAll, 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  document.addEventListener("htmx:after:swap", drawAll);
  drawAll();
})();
