// Makes tables sortable and filterable, keeps what was chosen in the address, draws long tables as they are scrolled
// to, and searches; without it a page is plain tables in the same order.
"use strict";

const FEW = 8;      // rows that are read faster than filtered
const CHUNK = 200;  // rows drawn at a time

function element(tag, text, parent, kind) {
  const made = document.createElement(tag);
  if (text !== "") made.textContent = text;
  if (kind) made.className = kind;
  parent.append(made);
  return made;
}

function data(id) {
  const holder = document.getElementById(id);
  return holder ? JSON.parse(holder.textContent) : null;
}

function compare(left, right, numeric) {
  if (left === "" || right === "") return (left === "") - (right === "");
  return numeric ? Number(left) - Number(right) : left.localeCompare(right, "en", { numeric: true });
}

// ---- rows: those of the page, and those that lie beside it as data ----

// A row of the page. A cell sorts by its data-value where it has one, else by its text, and is chosen by its data-group.
function rowOfPage(row) {
  return {
    text: row.textContent.toLowerCase(),
    value: (column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim(),
    group: (column) => row.cells[column].dataset.group ?? row.cells[column].dataset.value ?? row.cells[column].textContent.trim(),
    draw: () => row,
  };
}

// A row of data: of each cell its words, or an object with `words`, and what it has besides.
function rowOfData(cells, classes) {
  const parts = cells.map((cell) => (typeof cell === "string" ? { words: cell } : cell));
  let drawn = null;
  return {
    text: parts.map((part) => `${part.words} ${part.under ?? ""}`).join(" ").toLowerCase(),
    value: (column) => String(parts[column].value ?? parts[column].words),
    group: (column) => parts[column].group ?? String(parts[column].value ?? parts[column].words),
    draw: () => {
      if (drawn) return drawn;
      drawn = document.createElement("tr");
      parts.forEach((part, column) => {
        const cell = element("td", "", drawn, classes[column]);
        if (part.link) element("a", part.words, cell).href = part.link;
        else element("span", part.words, cell, part.kind);
        if (part.under) element("span", part.under, cell, "under");
      });
      return drawn;
    },
  };
}

// ---- a table ----

function lively(table, rows) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const labels = heads.map((head) => head.textContent.trim());
  const filters = [];
  let sorted = null;  // [column, downwards]
  let shown = rows;
  let drawn = 0;

  const more = () => {
    body.append(...shown.slice(drawn, drawn + CHUNK).map((row) => row.draw()));
    drawn = Math.min(shown.length, drawn + CHUNK);
    end.hidden = drawn >= shown.length;
  };
  const end = element("button", "More rows", table.parentElement, "more");
  end.type = "button";
  end.addEventListener("click", more);
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && !end.hidden) more(); }).observe(end);

  const update = () => {
    shown = rows.filter((row) => filters.every((filter) => filter.fits(row)));
    if (sorted) {
      const [column, down] = sorted;
      const numeric = heads[column].classList.contains("number");
      const keyed = shown.map((row) => [row.value(column), row]);
      // Rows without a value stay last in both directions.
      keyed.sort(([a], [b]) => compare(a, b, numeric) * (down && a !== "" && b !== "" ? -1 : 1));
      shown = keyed.map(([, row]) => row);
    }
    body.replaceChildren();
    drawn = 0;
    more();
    for (const filter of filters) filter.count?.(shown.length, rows.length);
  };

  const remember = () => {
    const chosen = new URLSearchParams();
    for (const filter of filters) if (filter.get && filter.get() !== "") chosen.set(filter.name, filter.get());
    if (sorted) chosen.set("sort", `${sorted[1] ? "-" : ""}${labels[sorted[0]]}`);
    const words = chosen.toString();
    history.replaceState(null, "", words ? `#${table.id}?${words}` : location.pathname);
  };

  const sortBy = (column, down) => {
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    sorted = [column, down];
  };
  heads.forEach((head, column) => {
    head.textContent = "";
    const button = element("button", labels[column], head);
    button.type = "button";
    button.addEventListener("click", () => {
      sortBy(column, head.getAttribute("aria-sort") === "ascending");
      update();
      remember();
    });
  });

  if (table.classList.contains("filtered") && rows.length > FEW) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const search = element("input", "", element("label", "Filter", tools));
    search.type = "search";
    search.placeholder = "any text";
    filters.push({ name: "text", get: () => search.value.trim(), set: (words) => { search.value = words; },
      fits: (row) => row.text.includes(search.value.trim().toLowerCase()) });
    heads.forEach((head, column) => {
      if (!("filter" in head.dataset)) return;
      const select = element("select", "", element("label", head.dataset.filter, tools));
      element("option", "all", select).value = "";
      const values = new Set(rows.map((row) => row.group(column)));
      [...values].filter((text) => text !== "").sort().forEach((text) => { element("option", text, select).value = text; });
      filters.push({ name: head.dataset.filter, get: () => select.value, set: (words) => { select.value = words; },
        fits: (row) => select.value === "" || row.group(column) === select.value });
    });
    const output = element("output", "", tools);
    filters.push({ fits: () => true, count: (some, all) => { output.textContent = `${some} of ${all} rows`; } });
    let waiting = 0;
    const soon = (wait) => () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { update(); remember(); }, wait);
    };
    search.addEventListener("input", soon(120));
    const now = () => { update(); remember(); };
    for (const select of tools.querySelectorAll("select")) {
      select.addEventListener("input", now);
      select.addEventListener("change", now);  // some browsers tell of a choice only so
    }
    table.closest(".table").before(tools);
  }

  // What an earlier visit chose.
  const [place, words] = location.hash.slice(1).split("?", 2);
  if (place === table.id && words) {
    const chosen = new URLSearchParams(words);
    for (const filter of filters) if (filter.set && chosen.has(filter.name)) filter.set(chosen.get(filter.name));
    const by = chosen.get("sort") ?? "";
    const column = labels.indexOf(by.replace(/^-/, ""));
    if (column >= 0) sortBy(column, by.startsWith("-"));
    table.scrollIntoView();
  }
  update();
}

for (const table of document.querySelectorAll("table.lively")) {
  const beside = data(`${table.id.replace("table-", "")}-data`);
  const classes = [...table.tHead.rows[0].cells].map((head) => (head.classList.contains("number") ? "number" : "name"));
  const rows = beside ? beside.map((cells) => rowOfData(cells, classes)) : [...table.tBodies[0].rows].map(rowOfPage);
  lively(table, rows);
}

// ---- search over the whole report ----

const entries = data("index");
if (entries) {
  const place = document.getElementById("search");
  place.hidden = false;
  const box = element("input", "", element("label", "Search cases, idioms, faults and weaknesses", place));
  box.type = "search";
  box.placeholder = "use after free, at, CWE-125, sort";
  const found = element("ul", "", place);
  found.setAttribute("aria-live", "polite");
  const texts = entries.map(([words, kind]) => `${words} ${kind}`.toLowerCase());
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
    found.replaceChildren();
    if (wanted.length === 0) return;
    const hits = entries.filter((_, at) => wanted.every((word) => texts[at].includes(word)));
    for (const [words, kind, link] of hits.slice(0, 20)) {
      const line = element("li", "", found);
      element("a", words, line).href = link;
      element("span", ` ${kind}`, line, "soft");
    }
    if (hits.length > 20) element("li", `and ${hits.length - 20} more`, found, "soft");
    if (hits.length === 0) element("li", "nothing", found, "soft");
  });
}
