// The places of a status, each an account and a region: their checks, and the choice of one.

import { setText } from "./rows.js";
import { count, describeCheck, duration, findOverdue } from "./text.js";

const ALL = "";
const find = (id) => document.getElementById(id);

/** Return the sentences about places that need attention: what is known about them is old, missing, or an error. */
export function listAlarms(places, now) {
  return places.flatMap(({ name, check }) => {
    if (!check) return [`${name}: the first check has not ended yet.`];
    const sentences = [];
    if (findOverdue(check, now)) sentences.push(`${name}: what is shown is old: the next check is overdue.`);
    if (check.failing) sentences.push(`${name}: ${describeFailing(check.failing, now)}`);
    return sentences;
  });
}

/** Return since when nothing could be checked, and why. */
export function describeFailing(failing, now) {
  const since = duration((now - Date.parse(failing.since)) / 1000);
  return `nothing could be checked for ${since} (${count(failing.checks, "check")}): ${failing.sentence}`;
}

/** Return when the first and the last of all places was checked. */
export function describeChecks(places, now) {
  const ages = places.filter(({ check }) => check).map(({ check }) => now / 1000 - Date.parse(check.started) / 1000 - check.seconds);
  const [least, most] = [duration(Math.min(...ages)), duration(Math.max(...ages))];
  return `last checks ${least === most ? least : `${least} to ${most}`} ago`;
}

export class Places {
  constructor(onChoice) {
    this.onChoice = onChoice;
    find("place").addEventListener("change", onChoice);
  }

  /** The name of the chosen place; empty for all. */
  get chosen() {
    return find("place").value;
  }

  choose(name) {
    find("place").value = name;
    this.onChoice();
  }

  /** Show the places, unless there is only one; a chosen one that is gone is no longer chosen. */
  update(places) {
    find("by-place").hidden = find("places").hidden = places.length === 0;
    const known = [...find("place").options].map((one) => one.value);
    const names = [ALL, ...places.map(({ name }) => name)];
    if (names.join(" ") === known.join(" ")) return;
    const { chosen } = this;
    find("place").replaceChildren(...names.map((name) => new Option(name === ALL ? `all ${count(places.length, "place")}` : name, name)));
    find("place").value = names.includes(chosen) ? chosen : ALL;
    setText(find("places").querySelector("summary"), `Checks of ${count(places.length, "place")}`);
    find("places").querySelector("ul").replaceChildren(...places.map(({ name }) => this.#makeLine(name)));
  }

  /** Show how old the check of each place is. */
  showChecks(places, now) {
    const lines = find("places").querySelectorAll("li");
    places.forEach(({ account, check }, number) => {
      const owner = account === null ? "" : `account ${account}, `;
      setText(lines[number].querySelector("span"), `${owner}${check ? describeCheck(check, now) : "the first check has not ended"}`);
      lines[number].classList.toggle("bad", Boolean(check && (check.failing || findOverdue(check, now))));
    });
  }

  #makeLine(name) {
    const [line, button, text] = ["li", "button", "span"].map((tag) => document.createElement(tag));
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => this.choose(this.chosen === name ? ALL : name));
    line.append(button, " ", text);
    return line;
  }
}
