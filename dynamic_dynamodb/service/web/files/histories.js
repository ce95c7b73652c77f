// Fetch the last 24 hours of the targets that are in view, a few at a time, once after each check.

const TARGETS_A_REQUEST = 10;
const DELAY_MS = 100;
const PATIENCE_MS = 20_000;

export class Histories {
  constructor(findRow) {
    this.findRow = findRow;
    this.visible = new Set();
    this.intervalSeconds = 0;
    this.fetched = new Map();
    this.isRunning = false;
    this.observer = new IntersectionObserver((entries) => this.#note(entries), { rootMargin: "50%" });
  }

  watch(row) {
    this.observer.observe(row.element);
  }

  forget(row) {
    this.observer.unobserve(row.element);
    this.visible.delete(row.name);
    this.fetched.delete(row.name);
  }

  /** Fetch what is in view and has not been fetched since the last check of its place. */
  renew({ program }) {
    this.intervalSeconds = program.interval_seconds;
    this.#run();
  }

  #note(entries) {
    for (const { target, isIntersecting } of entries) {
      const { name } = target.dataset;
      if (isIntersecting) this.visible.add(name);
      else this.visible.delete(name);
    }
    this.#run();
  }

  async #run() {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      await new Promise((resolve) => setTimeout(resolve, DELAY_MS));  // more rows may come into view
      for (let names = this.#list(); names.length; names = this.#list()) await this.#fetch(names);
    } catch {
      // The next refresh, or the next row that comes into view, fetches again.
    } finally {
      this.isRunning = false;
    }
  }

  #list() {
    return [...this.visible].filter((name) => this.fetched.get(name) !== this.#findCheck(name)).slice(0, TARGETS_A_REQUEST);
  }

  #findCheck(name) {
    return this.findRow(name)?.target.since;
  }

  async #fetch(names) {
    const checks = new Map(names.map((name) => [name, this.#findCheck(name)]));
    const query = new URLSearchParams(names.map((name) => ["target", name]));
    const answer = await fetch(`history.json?${query}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`history.json answers with ${answer.status}`);
    const { histories } = await answer.json();
    for (const name of names) {
      const checked = checks.get(name);
      this.fetched.set(name, checked);
      const found = histories.find((one) => one.target === name);
      this.findRow(name)?.show(found ? { ...found, checked, intervalSeconds: this.intervalSeconds } : null);
    }
  }
}
