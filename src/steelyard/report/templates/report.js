// Draw the charts. Expressions are interpreted from their syntax tree, so no eval; nothing is loaded.
(() => {
  "use strict";
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
  const text = { labelFont: font, titleFont: font, labelFontSize: 11, titleFontSize: 12, titleFontWeight: 500 };
  const colour = { labelColor: "var(--muted)", titleColor: "var(--muted)" };
  const config = {
    background: "transparent", font, padding: 4,
    view: { stroke: null },
    axis: { ...text, ...colour, domainColor: "var(--faint)", tickColor: "var(--faint)", gridColor: "var(--line)", titlePadding: 8, tickCount: 5 },
    legend: { ...text, ...colour, symbolStrokeWidth: 2.5, symbolSize: 220, labelLimit: 220, padding: 0, offset: 8 },
    line: { strokeWidth: 2, strokeCap: "butt" },
    rule: { strokeWidth: 1.2 },
  };
  const loader = vega.loader();
  loader.load = () => Promise.reject(new Error("A report loads nothing."));

  const tip = document.createElement("div");
  tip.className = "tooltip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  function tooltip(_handler, event, _item, value) {
    tip.hidden = value === null || value === undefined || value === "" || typeof value !== "object";
    if (tip.hidden) return;
    const list = document.createElement("dl");
    for (const [name, shown] of Object.entries(value)) {
      const term = document.createElement("dt");
      const told = document.createElement("dd");
      term.textContent = name;
      told.textContent = shown;
      list.append(term, told);
    }
    tip.replaceChildren(list);
    const { clientX: x, clientY: y } = event;
    const { offsetWidth: width, offsetHeight: height } = tip;
    tip.style.left = `${Math.max(4, x + 16 + width > innerWidth ? x - width - 12 : x + 16)}px`;
    tip.style.top = `${Math.max(4, y + 16 + height > innerHeight ? y - height - 12 : y + 16)}px`;
  }

  async function draw(figure) {
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const compiled = vegaLite.compile(spec, { config }).spec;
    const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
      expr: vegaInterpreter.expressionInterpreter,
      container: figure.querySelector(".view"),
      bind: figure.querySelector(".controls"),
      renderer: "svg", hover: true, loader, tooltip, logLevel: vega.Warn,
    });
    await view.runAsync();
    figure.classList.add("drawn");
    views.push(view);
  }

  // Half of a sheet of paper; window widths mean nothing there.
  const paper = 320;
  const views = [];
  addEventListener("beforeprint", () => views.forEach((view) => view.width(paper).run()));
  addEventListener("afterprint", () => views.forEach((view) => view.width(view.container().clientWidth).run()));

  for (const figure of document.querySelectorAll("figure.chart")) {
    draw(figure).catch((error) => {
      console.error(error);
      const words = document.createElement("p");
      words.className = "reason";
      words.textContent = "The chart could not be drawn; its numbers are below.";
      figure.querySelector(".view").replaceChildren(words);
      figure.querySelector("details").open = true;
    });
  }
})();
