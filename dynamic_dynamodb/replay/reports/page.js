// Sorts and searches the table of targets, and shows the details of a target when it is opened.
"use strict";
const table = document.querySelector("table.targets");
if (table) start(table.tHead.rows[0].cells, table.tBodies[0]);

function start(headings, body) {
  const rows = [...body.rows];
  [...headings].forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sort(heading, column));
  });
  body.addEventListener("click", (event) => {
    const link = event.target.closest("tr[data-details] > th > a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    toggle(link.closest("tr"));
  });
  addEventListener("hashchange", openLinked);
  openLinked();
  const field = document.querySelector(".find");
  if (field) field.addEventListener("input", () => find(field.value));

  // Numbers begin with the highest, text with A; a second click turns the order round.
  function sort(heading, column) {
    const isText = heading.classList.contains("text");
    const before = heading.getAttribute("aria-sort");
    const first = isText ? "ascending" : "descending";
    const order = before === first ? (isText ? "descending" : "ascending") : first;
    const sign = order === "ascending" ? 1 : -1;
    for (const one of headings) one.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const keyed = rows.map((row) => [key(row.cells[column], isText), row]);
    keyed.sort(([one], [other]) => compare(one, other, sign));
    const sorted = document.createDocumentFragment();
    for (const [, row] of keyed) {
      const opened = getDetails(row);
      sorted.append(row);
      if (opened) sorted.append(opened);
    }
    body.append(sorted);
  }

  function key(cell, isText) {
    if (isText) return cell.textContent.toLowerCase();
    return "number" in cell.dataset ? Number(cell.dataset.number) : null;
  }

  // What is not known comes last, in both orders.
  function compare(one, other, sign) {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (one < other ? -1 : one > other ? 1 : 0);
  }

  function getDetails(row) {
    const next = row.nextElementSibling;
    return next && next.classList.contains("details") ? next : null;
  }

  async function toggle(row) {
    const link = row.querySelector("a");
    const opened = getDetails(row);
    if (opened) {
      opened.remove();
      link.setAttribute("aria-expanded", "false");
      return;
    }
    const details = document.createElement("tr");
    details.className = "details";
    const cell = details.insertCell();
    cell.colSpan = row.cells.length;
    const inner = document.createElement("div");
    cell.append(inner);
    row.after(details);
    link.setAttribute("aria-expanded", "true");
    try {
      inner.innerHTML = await unpack(row.dataset.details);
    } catch (error) {
      inner.textContent = `This browser cannot show the details: ${error}`;
    }
  }

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }

  function openLinked() {
    let name;
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      return; // not an address of ours
    }
    const row = rows.find((one) => one.id === name);
    if (!row) return;
    if (!getDetails(row)) toggle(row);
    row.scrollIntoView();
  }

  function find(text) {
    const wanted = text.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const isFound = row.id.toLowerCase().includes(wanted);
      row.hidden = !isFound;
      const opened = getDetails(row);
      if (opened) opened.hidden = !isFound;
      count += isFound;
    }
    document.querySelector(".found").textContent = wanted ? `${count} of ${rows.length}` : "";
  }
}
