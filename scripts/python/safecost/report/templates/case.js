// Puts any two builds of the case side by side; without it the page still has every source and listing.
"use strict";

function element(tag, text, parent, kind) {
  const made = document.createElement(tag);
  if (text !== "") made.textContent = text;
  if (kind) made.className = kind;
  parent.append(made);
  return made;
}

const MARKS = "cfhvx";
const codes = [...document.querySelectorAll("details.code")];
const byName = new Map(codes.map((code) => [code.dataset.name, code]));

// What two lines are compared by: the mnemonic, or that it is a heading.
function key(line) {
  if (line.startsWith("-")) return "-";
  return line.slice(2).replace(/^\w*\d: /, "").split(" ", 1)[0];
}

// Rows of a longest common subsequence of mnemonics; what is on one side only stands alone.
function aligned(left, right) {
  const a = left.map(key);
  const b = right.map(key);
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j]
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const rows = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push([left[i], right[j]]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      rows.push([left[i], null]);
      i += 1;
    } else {
      rows.push([null, right[j]]);
      j += 1;
    }
  }
  return rows;
}

function lines(code) {
  return code.querySelector("pre").textContent.replace(/\n$/, "").split("\n");
}

function kindOf(line) {
  if (line === null) return "";
  return line.startsWith("-") ? "heading" : MARKS.includes(line[0]) ? line[0] : "";
}

function source(variant) {
  const found = [...document.querySelectorAll("details.source:not(.file)")].find((one) => one.dataset.variant === variant);
  return found ? [...found.querySelectorAll("pre")].map((part) => part.textContent).join("\n\n") : "";
}

function show(place, names) {
  place.replaceChildren();
  const chosen = names.map((name) => byName.get(name));
  const sides = element("div", "", place, "sides");
  for (const code of chosen) {
    const side = element("div", "", sides);
    element("p", code.dataset.figures, side, "soft");
    const text = element("pre", source(code.dataset.variant), side);
    text.tabIndex = 0;
  }
  const box = element("div", "", place, "table scroll");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Machine code side by side, scrolls sideways");
  const body = element("tbody", "", element("table", "", box, "listing"));
  for (const [left, right] of aligned(lines(chosen[0]), lines(chosen[1]))) {
    const row = element("tr", "", body, left === null ? "right-only" : right === null ? "left-only" : "");
    element("td", left ?? "", row, kindOf(left));
    element("td", right ?? "", row, kindOf(right));
  }
}

function chooser(label, parent, changed) {
  const select = element("select", "", element("label", label, parent));
  const groups = new Map();
  for (const code of codes) {
    const profile = code.dataset.profile;
    if (!groups.has(profile)) {
      const group = element("optgroup", "", select);
      group.label = profile;
      groups.set(profile, group);
    }
    element("option", `${code.dataset.variant} (${profile})`, groups.get(profile)).value = code.dataset.name;
  }
  select.addEventListener("input", changed);
  select.addEventListener("change", changed);
  return select;
}

function start() {
  const place = document.getElementById("compared");
  const picks = [...document.querySelectorAll("a.pick")].filter((pick) => byName.has(pick.dataset.left) && byName.has(pick.dataset.right));
  document.getElementById("unscripted").remove();
  place.hidden = false;
  const tools = element("div", "", place, "sides");
  const result = element("div", "", place);
  const update = () => show(result, selects.map((select) => select.value));
  const selects = ["Left", "Right"].map((label) => chooser(label, tools, update));
  const choose = (left, right) => {
    selects[0].value = left;
    selects[1].value = right;
    update();
  };
  for (const pick of picks) pick.addEventListener("click", () => choose(pick.dataset.left, pick.dataset.right));
  // Addresses may name variant@profile.
  let asked = "";
  try { asked = decodeURIComponent(location.hash.slice(1)); } catch { /* no address of ours */ }
  const wanted = picks.find((pick) => pick.dataset.right === asked) ?? picks[0];
  if (wanted) choose(wanted.dataset.left, wanted.dataset.right);
  else choose(codes[0].dataset.name, codes[codes.length - 1].dataset.name);
  if (wanted && wanted.dataset.right === asked) document.getElementById("side").scrollIntoView();
}

if (codes.length > 0) start();
