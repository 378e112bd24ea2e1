// Makes the report's tables sortable and filterable; without it they are plain tables in the same order.
"use strict";

function element(tag, text, parent) {
  const made = document.createElement(tag);
  if (text !== "") made.textContent = text;
  parent.append(made);
  return made;
}

// What a cell sorts by: its data-value where it has one, else its text.
function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

// What a cell is chosen by: its data-group where it has one.
function group(row, column) {
  return row.cells[column].dataset.group ?? value(row, column);
}

function compare(left, right, numeric) {
  if (left === "" || right === "") return (left === "") - (right === "");
  return numeric ? Number(left) - Number(right) : left.localeCompare(right, "en", { numeric: true });
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const label = head.textContent.trim();
    head.textContent = "";
    const button = element("button", label, head);
    button.type = "button";
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = head.classList.contains("number");
      const keyed = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
      // Rows without a value stay last in both directions.
      keyed.sort(([a], [b]) => compare(a, b, numeric) * (down && a !== "" && b !== "" ? -1 : 1));
      table.tBodies[0].append(...keyed.map(([, row]) => row));
    });
  });
}

function makeFilterable(table) {
  const rows = [...table.tBodies[0].rows];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const tools = document.createElement("div");
  tools.className = "tools";
  const label = element("label", "Filter", tools);
  const search = element("input", "", label);
  search.type = "search";
  search.placeholder = "any text";
  const choices = [];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (!("filter" in head.dataset)) return;
    const select = element("select", "", element("label", head.dataset.filter, tools));
    element("option", "all", select).value = "";
    const values = new Set(rows.map((row) => group(row, column)));
    [...values].filter((text) => text !== "").sort().forEach((text) => { element("option", text, select).value = text; });
    choices.push([select, column]);
  });
  const output = element("output", "", tools);
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = texts.get(row).includes(wanted)
        && choices.every(([select, column]) => select.value === "" || group(row, column) === select.value);
      row.hidden = !fits;
      shown += fits;
    }
    output.textContent = `${shown} of ${rows.length} rows`;
  };
  tools.addEventListener("input", update);
  tools.addEventListener("change", update);  // some browsers tell of a choice only so
  table.closest(".table").before(tools);
  update();
}

// A handful of rows is read faster than filtered.
const FEW = 8;

for (const table of document.querySelectorAll("table.lively")) {
  if (table.classList.contains("filtered") && table.tBodies[0].rows.length > FEW) makeFilterable(table);
  makeSortable(table);
}
