"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tip = document.getElementById("tip");
  let current = null;

  // What a point says is its title, which browsers show late and only to the mouse: it becomes a label, and is shown at once, on focus too.
  function show(point) {
    if (point === current) return;
    hide();
    if (!point) return;
    current = point;
    point.classList.add("at");
    tip.textContent = point.getAttribute("aria-label");
    tip.hidden = false;
    place();
  }

  function place() {
    const at = current.getBoundingClientRect(), own = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), document.documentElement.clientWidth - own.width - 8);
    const top = at.top - own.height - 10 >= 0 ? at.top - own.height - 10 : at.bottom + 10;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  function hide() {
    current?.classList.remove("at");
    current = null;
    tip.hidden = true;
  }

  // Of bars the whole column counts.
  function nearest(points, x, y, areBars) {
    let best = null, least = 30;
    for (const point of points) {
      const box = point.getBoundingClientRect();
      const distance = Math.hypot(box.left + box.width / 2 - x, areBars ? 0 : box.top + box.height / 2 - y);
      if (distance < least) [best, least] = [point, distance];
    }
    return best;
  }

  for (const plot of all("svg.plot")) {
    const points = all(".pt", plot);
    points.forEach((point, index) => {
      const title = point.querySelector("title");
      point.setAttribute("aria-label", title.textContent);
      point.setAttribute("role", "img");
      point.setAttribute("tabindex", index === 0 ? "0" : "-1");
      title.remove();
      point.addEventListener("focus", () => show(point));
      point.addEventListener("blur", hide);
    });
    const shown = () => points.filter(point => !point.closest(".off"));
    plot.addEventListener("pointermove", event => show(nearest(shown(), event.clientX, event.clientY, plot.classList.contains("bars"))));
    plot.addEventListener("pointerleave", hide);
    // One stop for the tab key a chart; arrows go from point to point.
    plot.addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const there = shown();
      const next = step ? there[there.indexOf(event.target) + step] : event.key === "Home" ? there[0] : event.key === "End" ? there.at(-1) : null;
      if (!next) return;
      event.preventDefault();
      event.target.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }

  // What has the focus may have been scrolled to because of it.
  document.addEventListener("scroll", () => current && document.activeElement === current ? place() : hide(), { passive: true });

  // Methods are switched off and on in every chart, and put before the others while they are pointed at or focused.
  const off = new Set(), buttons = all(".legend button[data-s]");
  const marked = all(".plot [data-s], .mini[data-s]");
  function emphasize(series) {
    document.documentElement.classList.toggle("focused", series !== null && !off.has(series));
    for (const element of marked) element.classList.toggle("on", element.dataset.s === series);
  }

  function toggle() {
    for (const button of buttons) button.setAttribute("aria-pressed", !off.has(button.dataset.s));
    for (const element of marked) element.classList.toggle("off", off.has(element.dataset.s));
  }

  for (const button of buttons) {
    const series = button.dataset.s;
    button.addEventListener("click", () => {
      off.has(series) ? off.delete(series) : off.add(series);
      toggle();
      emphasize(series);
    });
    button.addEventListener("pointerenter", event => event.pointerType === "mouse" && emphasize(series));
    button.addEventListener("pointerleave", () => emphasize(null));
    button.addEventListener("focus", () => button.matches(":focus-visible") && emphasize(series));
    button.addEventListener("blur", () => emphasize(null));
  }

  for (const button of all(".legend .every")) {
    button.addEventListener("click", () => {
      off.clear();
      if (button.dataset.every === "false") buttons.forEach(other => off.add(other.dataset.s));
      toggle();
    });
  }

  document.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    hide();
    emphasize(null);
  });

  // Numbers are sorted as numbers, the largest first; cells without one come last either way.
  const words = new Intl.Collator("en", { numeric: true });
  function sort(table, header, headers) {
    const column = headers.indexOf(header), isNumber = header.classList.contains("n");
    const before = header.getAttribute("aria-sort");
    const direction = before ? (before === "ascending" ? -1 : 1) : isNumber ? -1 : 1;
    const key = row => isNumber ? (row.cells[column].dataset.v === undefined ? null : Number(row.cells[column].dataset.v)) : row.cells[column].textContent.trim();
    const rows = [...table.tBodies[0].rows].map(row => ({ row, key: key(row) }));
    rows.sort((a, b) => a.key === null || b.key === null ? (a.key === null) - (b.key === null) : direction * (isNumber ? a.key - b.key : words.compare(a.key, b.key)));
    table.tBodies[0].append(...rows.map(entry => entry.row));
    headers.forEach(other => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  }

  for (const table of all("table.sortable")) {
    const headers = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    for (const header of headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, header, headers));
    }
  }

  // On paper everything is open, and light.
  let opened = [];
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("print");
    opened = all("details:not([open])");
    opened.forEach(details => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("print");
    opened.forEach(details => { details.open = false; });
  });
})();
