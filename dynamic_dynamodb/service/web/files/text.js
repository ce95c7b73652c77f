// Numbers, times and sentences of the page.

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const UNITS = [["days", 86400], ["h", 3600], ["min", 60]];
const DAY_SECONDS = 86400;
const LEAST_GRACE_SECONDS = 60;
const RAISES = new Set([
  "consumed-above-threshold", "consumed-scale", "above-target",
  "throttled-count", "throttled-by-provisioned", "throttled-by-consumed",
]);
export const UNKNOWN = "–";

export function number(value) {
  return value === null ? UNKNOWN : NUMBER.format(value);
}

export function count(amount, noun) {
  return `${NUMBER.format(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

/** Return a duration in the largest unit of which there are at least two, as --daemon status does. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const found = UNITS.find(([, length]) => whole >= 2 * length);
  return found ? `${Math.floor(whole / found[1])} ${found[0]}` : `${whole} s`;
}

export function clock(milliseconds) {
  return CLOCK.format(milliseconds);
}

export function moment(text, now) {
  const at = Date.parse(text);
  const distance = (now - at) / 1000;
  const relative = distance >= 0 ? `${duration(distance)} ago` : `in ${duration(-distance)}`;
  return `${relative} (${MOMENT.format(at)})`;
}

/** Return the name of a target without its place. */
export function nameTarget({ table, index }) {
  return index === null ? table : `${table}/${index}`;
}

/** Return what the last check was, and when the next one is due. */
export function describeCheck(check, now) {
  const ended = Date.parse(check.started) / 1000 + check.seconds;
  const took = `last check ${duration(now / 1000 - ended)} ago, took ${number(check.seconds)} s`;
  if (check.next === null) return took;
  const left = Date.parse(check.next) / 1000 - now / 1000;
  return left > 0 ? `${took}; next in ${duration(left)}` : `${took}; next was due ${duration(-left)} ago`;
}

/** Return how many seconds the next check is overdue, beyond what a check may take; 0 if it is not. */
export function findOverdue(check, now) {
  if (check.next === null) return 0;
  const late = (now - Date.parse(check.next)) / 1000;
  return late > Math.max(LEAST_GRACE_SECONDS, 2 * check.seconds) ? late : 0;
}

/** Return when AWS allows the next decrease, and the seconds until then; -1 if that is not known. */
export function describeDecrease(target, now) {
  if (target.free_decreases_left === null) return { text: UNKNOWN, seconds: -1 };
  const isAnotherDay = Math.floor(Date.parse(target.described) / 1000 / DAY_SECONDS) < Math.floor(now / 1000 / DAY_SECONDS);
  if (isAnotherDay) return { text: "now, 4 left today", seconds: 0 };  // AWS counts each UTC day
  if (target.free_decreases_left > 0) return { text: `now, ${target.free_decreases_left} left today`, seconds: 0 };
  const at = target.next_decrease === null ? 0 : Date.parse(target.next_decrease);
  if (at <= now) return { text: "now, 1 left this hour", seconds: 0 };
  const seconds = (at - now) / 1000;
  return { text: `in ${duration(seconds)}, at ${clock(at)}`, seconds };
}

export function describeFailure(failure, now) {
  const since = duration((now - Date.parse(failure.since)) / 1000);
  return `failing for ${since} (${count(failure.checks, "check")}): ${failure.sentence}`;
}

/** Return why a target is in its state, one sentence each. */
export function explain(target, now) {
  const sentences = [];
  if (target.failing) sentences.push(describeFailure(target.failing, now));
  else if (target.skipped) sentences.push(target.skipped.sentence);
  else {
    for (const [name, side] of listCapacities(target)) {
      const isTold = side.codes.some((code) => code.startsWith("throttled-"));
      const events = side.throttled_events && !isTold ? `${count(side.throttled_events, "throttled event")}; ` : "";
      if (side.reason) sentences.push(`${name}: ${events}${side.reason}`);
    }
  }
  if (target.refusal) sentences.push(target.refusal.sentence);
  return sentences;
}

/** Return what an operator can do about a target; empty if there is nothing to do. */
export function advise(target) {
  const sides = listCapacities(target);
  if (target.condition === "failing") return "It is not scaled until this is fixed.";
  if (target.condition === "stopped") return "It is not scaled until its circuit breaker allows it.";
  if (target.condition === "at-maximum") return raiseMaximum(sides.filter(([, side]) => side.codes.includes("capped-at-maximum")));
  if (target.condition === "throttled") return adviseThrottled(sides.filter(([, side]) => side.throttled_events));
  return "";
}

function adviseThrottled(sides) {
  const capped = sides.filter(([, side]) => side.maximum !== null && side.provisioned >= side.maximum);
  if (capped.length) return raiseMaximum(capped);
  if (sides.every(([, side]) => side.codes.some((code) => RAISES.has(code)) && side.held === null)) {
    return "It is being raised; look again after the next check.";
  }
  return "If units are left over, look for a partition key that takes most of the requests.";
}

function raiseMaximum(sides) {
  const options = sides.map(([name, side]) => `max-provisioned-${name} (now ${number(side.maximum)})`);
  return options.length ? `If this load is intended, raise ${options.join(" and ")}.` : "";
}

export function listCapacities(target) {
  return [["reads", target.reads], ["writes", target.writes]].filter(([, side]) => side !== null);
}

/** Return pairs of a label and a text: all that is known about one capacity. */
export function listFacts(side, now) {
  if (side === null) return [["provisioned", "on demand, or not known"]];
  const facts = [["provisioned", count(side.provisioned, "unit")]];
  if (side.consumed !== null) facts.push(["consumed", `${number(side.consumed)} units a second (${Math.round(side.consumed_percent)} %)`]);
  facts.push(["throttled", side.throttled_events === null ? "not requested" : count(side.throttled_events, "event")]);
  if (side.minimum !== null) facts.push(["limits", `minimum ${number(side.minimum)}, ${side.maximum === null ? "no maximum" : `maximum ${number(side.maximum)}`}`]);
  if (side.reason) facts.push(["decision", `${side.reason} [${side.codes.join(", ")}]`]);
  if (side.held !== null) facts.push(["held back", `${number(side.provisioned)} → ${count(side.held, "unit")}`]);
  if (side.low_checks !== null && side.low_checks_needed !== null) facts.push(["low checks", `${side.low_checks} of ${side.low_checks_needed}`]);
  const change = side.last_change;
  if (change) facts.push(["last change", `${number(change.units_before)} → ${number(change.units_after)}, ${moment(change.at, now)}`]);
  return facts;
}

/** Return pairs of a label and a text: what is known about a target beside its capacities. */
export function listDetails(target, now) {
  const details = [["section", target.section && `[${target.section}]`], ["status in AWS", target.status]];
  if (target.failing) details.push(["failing", `${describeFailure(target.failing, now)} [${target.failing.code}]`]);
  if (target.skipped) details.push(["skipped", `${target.skipped.sentence} [${target.skipped.code}]`]);
  if (target.refusal) details.push(["refused", `${target.refusal.sentence} [${target.refusal.code}]`]);
  details.push(["next decrease", describeDecrease(target, now).text], ["checked", moment(target.checked, now)]);
  if (target.decided && target.decided !== target.checked) details.push(["decided", moment(target.decided, now)]);
  return details.filter(([, text]) => text);
}
