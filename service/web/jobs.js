// The list of jobs, newest first. While one is under way and the tab is seen, it is kept up to date.

import { get } from "./api.js";
import { button, complaint, element, link, say, sheet } from "./dom.js";
import { seconds, short, time } from "./format.js";
import { headline } from "./job.js";
import { modelName, names } from "./names.js";

const LIMIT = 50;
/** Jobs in the largest answer. */
const MOST = 100;
/** Seconds between two looks, and after a failed one. */
const PAUSE = { usual: 2, failed: 10 };
const FINAL = ["done", "failed", "cancelled", "expired"];

export async function jobs(_, signal) {
  const models = await names(signal);
  const list = element("ul", "rows");
  const rows = new Map();
  const note = element("p", "hint", "Kept up to date while something is under way.");
  const trouble = element("div", "");
  const put = (job, before) => {
    const known = rows.get(job.id);
    if (known) return known.update(job);
    const made = row(job, models);
    rows.set(job.id, made);
    list.insertBefore(made.node, before);
  };
  const page = (before, limit) => get(`/v1/jobs?limit=${limit}${before ? `&before=${before}` : ""}`, { signal });
  const more = button("Show older ones", "secondary", async () => {
    const { jobs: found, more: older } = await page([...rows.keys()].sort().at(0), LIMIT);
    found.forEach((job) => put(job, null));
    more.hidden = !older;
    watch();
  });
  const open = () => [...rows.values()].filter(({ job }) => !FINAL.includes(job().state)).map(({ job }) => job().id);
  /** Looks at all jobs from the newest to the oldest that is under way. */
  const refresh = async () => {
    const oldest = open().sort().at(0);
    const first = list.firstElementChild;
    for (let before = ""; ; ) {
      const { jobs: found, more: older } = await page(before, MOST);
      found.forEach((job) => (rows.has(job.id) || before === "") && put(job, first));
      before = found.at(-1)?.id;
      if (!older || oldest === undefined || before <= oldest) return;
    }
  };
  let timer = null;
  /** Looks again after a while, until nothing is under way. */
  const watch = (wait = PAUSE.usual) => {
    clearTimeout(timer);
    note.hidden = open().length === 0;
    if (open().length === 0 || document.hidden || signal.aborted) return;
    timer = setTimeout(look, 1000 * wait);
  };
  const look = async () => {
    try {
      await refresh();
      trouble.replaceChildren();
      watch();
    } catch (error) {
      if (signal.aborted) return;
      trouble.replaceChildren(complaint(error));
      if (error.code === "unreachable" || error.status >= 500 || error.status === 429) watch(PAUSE.failed);
    }
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()), { signal });
  const { jobs: found, more: older } = await page("", LIMIT);
  found.forEach((job) => put(job, null));
  more.hidden = !older;
  watch();
  const empty = element("p", "hint nothing", "No jobs yet. Committing to a model is one, and so is every proof.");
  return { title: "Jobs", body: [rows.size === 0 ? empty : sheet("Your jobs", note, trouble, list, more)] };
}

/** A line that can be brought up to date without losing the focus. */
function row(job, models) {
  const [tag, text] = [element("span", ""), element("p", "quiet-text")];
  const node = element("li", "", element("div", "row-head", link(headline(job), `#/jobs/${job.id}`, "strong"), tag), text);
  const update = (next) => {
    if (FINAL.includes(next.state) && next.state !== job.state) say(`${headline(next)}: ${next.state}`);
    job = next;
    [tag.className, tag.textContent] = [`tag ${next.state}`, next.state];
    text.textContent = words(next, models).filter((word) => word !== "").join(" · ");
  };
  node.dataset.id = job.id;
  update(job);
  return { node, update, job: () => job };
}

function words({ state, request, created, started, finished, progress, eta_ms: rest }, models) {
  const under = !FINAL.includes(state) && progress > 0 ? `${Math.round(100 * progress)} %${rest ? `, about ${seconds(rest / 1000)} left` : ""}` : "";
  return [request.model ? `model ${modelName(models, request.model)}` : `graph ${short(request.graph)}`, request.under ? "under an agreement" : request.audience ? `for ${request.audience}` : "", time(created), under, started && finished ? `took ${seconds((finished - started) / 1000)}` : ""];
}
