// The rows of the table: one tbody for each target shown, kept while it is shown.

import { draw } from "./chart.js";
import { advise, describeDecrease, duration, explain, listDetails, listFacts, nameTarget, number, UNKNOWN } from "./text.js";

const TEMPLATE = document.getElementById("target");
const CAPACITIES = ["reads", "writes"];

export class Row {
  constructor(target, onToggle) {
    const { name } = target;
    this.name = name;
    this.element = TEMPLATE.content.firstElementChild.cloneNode(true);
    this.element.dataset.name = name;
    this.details = this.element.querySelector(".details");
    this.button = this.element.querySelector(".name button");
    this.button.textContent = nameTarget(target);
    if (target.place) this.button.prepend(makePlace(target.place), " ");
    this.history = null;
    this.drawn = "";
    this.isOpen = false;
    this.element.querySelector("tr").addEventListener("click", (event) => {
      const isSelecting = !document.getSelection().isCollapsed;  // a click that ends a selection opens nothing
      if (event.target === this.button || !isSelecting) onToggle(this);
    });
  }

  /** Show what is known about the target now. */
  update(target, now) {
    this.target = target;
    const { element } = this;
    element.dataset.state = target.condition;
    setText(element.querySelector(".badge"), target.condition);
    const age = target.checked < target.since ? `${duration((now - Date.parse(target.checked)) / 1000)} ago` : "";
    setText(element.querySelector(".age"), age);
    for (const name of CAPACITIES) showCapacity(element.querySelector(`td.${name}`), target[name]);
    setText(element.querySelector(".advice"), advise(target));
    setSentences(element.querySelector(".why"), explain(target, now));
    setText(element.querySelector(".when"), describeDecrease(target, now).text);
    if (this.isOpen) this.showDetails(now);
  }

  toggle(isOpen, now) {
    this.isOpen = isOpen;
    this.details.hidden = !isOpen;
    this.element.classList.toggle("open", isOpen);
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.showDetails(now);
    this.draw();
  }

  /** Draw the charts, if they have changed; `history` is null if there is none. */
  show(history) {
    this.history = history;
    this.draw();
  }

  showDetails(now) {
    for (const name of CAPACITIES) setPairs(this.details.querySelector(`.${name} dl`), listFacts(this.target[name], now));
    setPairs(this.details.querySelector(".rest"), listDetails(this.target, now));
  }

  draw() {
    const { history } = this;
    if (!history) return;
    const drawn = `${history.start} ${history.checked} ${this.isOpen}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    for (const name of CAPACITIES) {
      draw(this.element.querySelector(`td.${name} .chart`), name, history, false);
      if (this.isOpen) draw(this.details.querySelector(`.${name} .chart`), name, history, true);
    }
  }
}

function makePlace(name) {
  const place = document.createElement("span");
  place.className = "place";
  place.textContent = name;
  return place;
}

function showCapacity(cell, side) {
  cell.classList.toggle("none", side === null);
  setText(cell.querySelector(".used"), side === null || side.consumed_percent === null ? UNKNOWN : `${Math.round(side.consumed_percent)} %`);
  const consumed = side === null || side.consumed === null ? "" : `${number(side.consumed)} of `;
  setText(cell.querySelector(".units"), side === null ? "" : `${consumed}${number(side.provisioned)}`);
}

function setSentences(cell, sentences) {
  const shown = [...cell.querySelectorAll(".reason")];
  sentences.forEach((sentence, place) => {
    const line = shown[place] ?? document.createElement("p");
    line.className = "reason";
    setText(line, sentence);
    if (!shown[place]) cell.insertBefore(line, cell.querySelector(".advice"));
  });
  for (const line of shown.slice(sentences.length)) line.remove();
}

function setPairs(list, pairs) {
  while (list.children.length > pairs.length) list.lastElementChild.remove();
  while (list.children.length < pairs.length) {
    const pair = document.createElement("div");
    pair.append(document.createElement("dt"), document.createElement("dd"));
    list.append(pair);
  }
  pairs.forEach(([label, text], place) => {
    const [term, description] = list.children[place].children;
    setText(term, label);
    setText(description, text);
  });
}

/** Set a text only if it differs, so that a selection survives a refresh. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
