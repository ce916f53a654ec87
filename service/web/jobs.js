// The list of jobs, newest first.

import { get } from "./api.js";
import { button, element, link, sheet } from "./dom.js";
import { seconds, short, time } from "./format.js";
import { headline } from "./job.js";

const LIMIT = 50;

export async function jobs(_, signal) {
  const list = element("ul", "rows");
  const more = button("Show older ones", "secondary", () => load());
  const load = async () => {
    const before = list.lastElementChild?.dataset.id;
    const { jobs: found } = await get(`/v1/jobs?limit=${LIMIT}${before ? `&before=${before}` : ""}`, { signal });
    list.append(...found.map(row));
    more.hidden = found.length < LIMIT;
  };
  await load();
  const empty = element("p", "hint nothing", "No jobs yet. Committing to a model is one, and so is every proof.");
  return { title: "Jobs", body: [list.childElementCount === 0 ? empty : sheet("Your jobs", list, more)] };
}

function row(job) {
  const { id, state, request, created, started, finished } = job;
  const made = element(
    "li",
    "",
    element("div", "row-head", link(headline(job), `#/jobs/${id}`, "strong"), element("span", `tag ${state}`, state)),
    element("p", "quiet-text", [`model ${short(request.model)}`, request.audience ? `for ${request.audience}` : "", time(created), started && finished ? `took ${seconds((finished - started) / 1000)}` : ""].filter((text) => text !== "").join(" · ")),
  );
  made.dataset.id = id;
  return made;
}
