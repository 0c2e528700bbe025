"use strict";
// Whatever comes from outside becomes a text node; nothing is ever parsed as HTML.
const COMMAND = "/incident-response";
const HINTS = ["help", "status", "status draft ", "checklist", "silence", "resolve"];
const $ = id => document.getElementById(id);
const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return node;
};

// What this page knows: the last answers of the world, and how far each person has read.
const seen = { slack: null, alerts: [], room: null, drawn: {}, read: new Map(), titles: new Map(), modal: "",
  dismissed: null, expecting: null, end: false };
const me = () => $("me").value;

// ---------------------------------------------------------------- talking to the world

async function call(method, path, body) {
  const answer = await fetch(path, { method, headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body) });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.error || found.detail || `${method} ${path}: ${answer.status}`);
  return found;
}

/** A person's doing. Its button keeps the focus and takes no second press while it is under way. */
async function act(button, work) {
  if (button && button.ariaDisabled === "true") return;
  if (button) button.ariaDisabled = "true";
  try {
    const gesture = await work();
    if (gesture && gesture.shown) toast(`Slack says: ${gesture.shown}`);
  } catch (error) { toast(error.message); }
  if (button) button.ariaDisabled = "false";
  hurry();
}

function toast(text) {
  const box = $("toast");
  box.hidePopover();
  box.textContent = text;
  box.showPopover();  // above any dialog
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => box.hidePopover(), 8000);
}

/** Nodes of what did not change stay, with their focus and what is open in them. ``items``: key, state, draw. */
function keep(box, items) {
  const before = new Map([...box.children].map(node => [node.key, node]));
  let lost = null;
  const nodes = items.map(({ key, state, draw }) => {
    const old = before.get(key);
    if (old && old.state === state) return old;
    const node = Object.assign(draw(), { key, state });
    if (old && old.contains(document.activeElement)) lost = [node, focusable(old).indexOf(document.activeElement)];
    return node;
  });
  [...box.children].filter(node => !nodes.includes(node)).forEach(node => node.remove());
  nodes.forEach((node, i) => { if (box.children[i] !== node) box.insertBefore(node, box.children[i] || null); });
  if (lost) (focusable(lost[0])[lost[1]] || box).focus();
}
const focusable = node => [node, ...node.querySelectorAll("*")].filter(one => one.matches("button, a, summary"));

// ---------------------------------------------------------------- Slack's mrkdwn, as nodes

const EMOJI = { alarm_clock: "⏰", arrow_down: "⬇️", checkered_flag: "🏁", file_folder: "📁", grey_question: "❔",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️", mega: "📣", memo: "📝", no_bell: "🔕",
  no_entry_sign: "🚫", rotating_light: "🚨", shrug: "🤷", star: "⭐", test_tube: "🧪", warning: "⚠️",
  white_check_mark: "✅", white_large_square: "⬜", x: "❌" };
const withEmoji = text => text.replace(/:([a-z_]+):/g, (name, key) => EMOJI[key] ?? name);
const unescape = text => withEmoji(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
/** As Slack keeps what a person typed. */
const escape = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const MARKUP = new RegExp(["```([\\s\\S]*?)```", "`([^`\\n]+)`", "<([^<>\\n]+)>",
  ...["*", "_", "~"].map(mark => `(?<!\\w)\\${mark}(?!\\s)([^${mark}\\n]+)(?<!\\s)\\${mark}(?!\\w)`)].join("|"), "g");

function mrkdwn(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(MARKUP)) {
    nodes.push(unescape(text.slice(end, found.index)));
    const [, block, code, link, bold, italic, struck] = found;
    if (block ?? code) nodes.push(el("code", {}, unescape(block ?? code)));
    else if (link) nodes.push(reference(link));
    else nodes.push(el(bold ? "strong" : italic ? "em" : "s", {}, mrkdwn(bold ?? italic ?? struck)));
    end = found.index + found[0].length;
  }
  return [...nodes, unescape(text.slice(end))];
}

function reference(inside) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) return el("strong", {}, "@" + nameOf(target.slice(1)));
  if (target.startsWith("#")) return el("strong", {}, "#" + (label || roomOf(target.slice(1)).name));
  if (target.startsWith("!date^")) return el("span", { title: label }, clockTime(target.split("^")[1]));
  if (target.startsWith("!")) return el("strong", {}, "@" + target.slice(1));
  return linkTo(unescape(target), unescape(label || target));
}

/** A link to a channel opens it here. The other vendors have no pages in the sandbox, and a link must not leave it. */
function linkTo(url, label) {
  const room = /\/archives\/(\w+)/.exec(url);
  if (room) return el("a", { href: url, onclick: event => { event.preventDefault(); enter(room[1]); } }, label);
  return el("button", { type: "button", className: "link", title: url,
    onclick: () => toast(`In production this opens ${url}`) }, label);
}

const byId = (list, id) => list.find(one => one.id === id) || { id, name: id };
const nameOf = id => byId(seen.slack.users, id).name;
const roomOf = id => byId(seen.slack.channels, id);
const clockTime = seconds => new Date(Number(seconds) * 1000).toLocaleTimeString("en-GB");
const words = part => !part ? [] : part.type === "mrkdwn" ? paragraphs(part.text) : [withEmoji(part.text)];

/** Lines that begin with ">" are a quotation; those that follow each other are one. */
function paragraphs(text) {
  if (text.includes("```")) return mrkdwn(text);
  return (text.match(/(?:^>.*(?:\n|$))+|(?:^(?!>).*(?:\n|$))+/gm) || []).filter(Boolean).map(part => part.startsWith(">")
    ? el("blockquote", {}, mrkdwn(part.replace(/^> ?/gm, "").trimEnd())) : mrkdwn(part));
}

// ---------------------------------------------------------------- Block Kit

const BLOCKS = {
  header: block => el("h3", {}, words(block.text)),
  divider: () => el("hr"),
  section: (block, post) => el("div", {},
    block.text ? el("div", { className: "text" }, words(block.text)) : null,
    block.fields ? el("div", { className: "fields" }, block.fields.map(field => el("p", {}, words(field)))) : null,
    block.accessory ? el("div", { className: "row" }, element(block.accessory, post)) : null),
  context: block => el("p", { className: "context" }, block.elements.map(part => [words(part), "  "])),
  actions: (block, post) => el("div", { className: "row" }, block.elements.map(part => element(part, post))),
};
const drawBlock = (block, post) => BLOCKS[block.type] ? BLOCKS[block.type](block, post)
  : el("p", { className: "context" }, `[${block.type}: the console does not show these]`);
const drawBlocks = post => post.blocks.length ? post.blocks.map(block => drawBlock(block, post))
  : [el("div", { className: "text" }, mrkdwn(post.text))];

function element(part, post) {
  if (part.type !== "button") return el("span", { className: "context" }, `[${part.type}: the console does not show these]`);
  const press = async button => {
    if (part.confirm && !await confirmed(part)) return;
    const pressed = part.value === undefined ? {} : post.stale ? { stale_value: part.value } : { value: part.value };
    await act(button, () => call("POST", "/slack/people/click",
      { user: me(), channel: post.channel, ts: post.ts, action_id: part.action_id, ...pressed }));
    toEnd(true);
  };
  return el("button", { className: part.style || "", onclick: event => press(event.currentTarget) }, part.text.text);
}

function confirmed({ confirm: ask, style }) {
  return new Promise(answer => {
    const dialog = el("dialog", { onclose: () => { dialog.remove(); answer(dialog.returnValue === "yes"); } },
      el("form", { method: "dialog" }, el("h3", {}, ask.title.text), el("div", { className: "text" }, words(ask.text)),
        el("div", { className: "row end" }, el("button", { value: "no" }, ask.deny.text),
          el("button", { value: "yes", className: style || "primary" }, ask.confirm.text))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// ---------------------------------------------------------------- rooms

const isMine = room => room.with_user ? room.with_user === me() : !room.private || room.members.includes(me());
/** The app's rooms first, newest on top, then the direct messages, then the rest. */
function myRooms() {
  const { channels, directs } = seen.slack;
  const [made, others] = [channels.filter(one => one.private), channels.filter(one => !one.private)];
  return [...made.reverse(), ...directs, ...others].filter(isMine);
}
const FROM_APP = "incident-response, to you";
const titleOf = room => room.with_user ? "Direct message" : room.topic || `#${room.name}`;
const postsIn = room => [...room.posts, ...seen.slack.whispers.filter(one => one.channel === room.id && one.user === me())
  .map(one => ({ ...one, whisper: true }))].sort((a, b) => Number(a.ts) - Number(b.ts));
const readKey = room => `${me()} ${room.id}`;

function enter(id) {
  seen.room = id;
  drawSlack();
}

function drawRooms() {
  const mine = myRooms();
  const news = seen.expecting && mine.find(room => room.private && !seen.expecting.has(room.id));
  if (news) [seen.room, seen.expecting] = [news.id, null];
  if (!mine.some(room => room.id === seen.room)) seen.room = mine[0].id;
  keep($("rooms"), mine.map(room => {
    const current = room.id === seen.room;
    const unread = !current && room.posts.length > (seen.read.get(readKey(room)) || 0);
    const under = room.with_user ? FROM_APP : room.archived ? "archived" : "";
    return { key: room.id, state: JSON.stringify([titleOf(room), under, current, unread]), draw: () => el("button",
      { className: `room ${unread ? "unread" : ""}`, ariaCurrent: String(current), onclick: () => enter(room.id) },
      el("span", {}, titleOf(room)), under ? el("span", { className: "meta" }, under) : null) };
  }));
  const hidden = seen.slack.channels.filter(room => !isMine(room)).length;
  $("hidden").textContent = hidden ? `${nameOf(me())} is not in ${hidden} private ${hidden === 1 ? "room" : "rooms"}.` : "";
}

// ---------------------------------------------------------------- messages

const atEnd = box => box.scrollHeight - box.scrollTop - box.clientHeight < 80;

/** Down to the last message, now and for the answer that is still to come. */
function toEnd(follow) {
  const box = $("messages");
  box.scrollTop = box.scrollHeight;
  if (follow) toEnd.until = Date.now() + 3000;
  $("newer").hidden = true;
}

function drawMessages() {
  const room = myRooms().find(one => one.id === seen.room);
  const box = $("messages");
  const moved = box.room !== readKey(room);
  const fresh = moved && !seen.read.get(readKey(room));  // never read: begin at its beginning
  const stay = !moved && !atEnd(box) && !(Date.now() < toEnd.until);
  const had = moved ? 0 : box.children.length;
  box.room = readKey(room);
  $("place").firstChild.textContent = titleOf(room);
  const people = room.members.filter(id => id !== seen.bot).map(nameOf).join(", ");
  $("place").lastChild.textContent = room.with_user ? FROM_APP
    : [room.topic ? `#${room.name}` : "", room.archived ? "archived" : "", people].filter(Boolean).join(" · ");
  keep(box, postsIn(room).map(post => ({ key: `${box.room} ${post.ts}`, state: JSON.stringify([post, room.pins.includes(post.ts)]),
    draw: () => drawPost({ ...post, channel: room.id }, room) })));
  if (!box.children.length) box.append(el("p", { className: "meta" }, "Nothing was said here yet."));
  if (fresh) box.scrollTop = 0;
  else if (!stay) toEnd(false);
  if (!atEnd(box) && box.children.length > had) $("newer").hidden = false;
  seen.read.set(readKey(room), room.posts.length);
  const [input, button] = $("say").querySelectorAll("input, .line button");
  input.disabled = button.disabled = room.archived;
  input.placeholder = room.archived ? "This room is archived" : `Say something, or ${COMMAND} help`;
}

function drawPost(post, room) {
  const app = !post.whisper && post.user === seen.bot;
  const notes = [clockTime(post.ts)];
  if (post.whisper) notes.push("only visible to you");
  if ((post.before || []).length) notes.push("edited");
  if (room.pins.includes(post.ts)) notes.push("pinned");
  return el("article", { className: `post ${app ? "app" : ""} ${post.whisper ? "whisper" : ""}` },
    el("div", { className: "meta" }, el("strong", {}, nameOf(post.whisper ? seen.bot : post.user)), "  ", notes.join(" · ")),
    drawBlocks(post), staleButtons(post));
}

/** A client that lost its connection still shows the message as it was, and its buttons can be pressed. */
function staleButtons(post) {
  const buttons = blocks => blocks.flatMap(block => block.elements || []).filter(one => one.type === "button");
  const names = blocks => buttons(blocks).map(one => `${one.action_id} ${one.value}`).join();
  const old = (post.before || []).filter(one => names(one.blocks) && names(one.blocks) !== names(post.blocks)).at(-1);
  if (!old) return null;
  return el("details", {}, el("summary", {}, "As a screen shows it that missed the change"),
    el("div", { className: "stale" }, drawBlocks({ ...post, blocks: old.blocks, stale: true })));
}

// ---------------------------------------------------------------- modals

function drawModal() {
  const shown = seen.slack.modals.filter(one => one.state === "open");
  seen.dismissed ??= new Set(shown.map(one => one.id));  // a page that is loaded anew has no modal, as in Slack
  const modal = shown.find(one => one.user === me() && !seen.dismissed.has(one.id));
  const dialog = $("modal");
  const key = modal ? JSON.stringify([modal.id, modal.hash, modal.errors]) : "";
  if (seen.modal === key) return;
  const typed = seen.modal && modal && JSON.parse(seen.modal)[0] === modal.id ? dialog.inputs : new Map();
  seen.modal = key;
  dialog.close();
  if (!modal) return;
  const view = modal.view;
  dialog.inputs = new Map();
  const dismiss = () => { seen.dismissed.add(modal.id); dialog.close(); };
  const submit = event => {
    event.preventDefault();
    const values = Object.fromEntries([...dialog.inputs].map(([name, input]) => [name, input.value]));
    act(event.submitter, () => call("POST", "/slack/people/submit", { user: me(), view_id: modal.id, values }));
    toEnd(true);
  };
  dialog.oncancel = dismiss;
  dialog.replaceChildren(el("form", { onsubmit: submit }, el("h3", {}, view.title.text),
    modal.errors[""] ? el("p", { className: "bad" }, modal.errors[""]) : null,
    view.blocks.map(block => block.type === "input" ? question(block, modal, dialog.inputs, typed) : drawBlock(block, {})),
    el("div", { className: "row end" }, el("button", { type: "button", onclick: dismiss }, (view.close || { text: "Cancel" }).text),
      el("button", { className: "primary" }, (view.submit || { text: "Submit" }).text))));
  dialog.showModal();
}

function question(block, modal, inputs, typed) {
  const asked = block.element;
  const input = asked.options
    ? el("select", {}, asked.options.map(one => el("option", { value: one.value }, one.text.text)))
    : el(asked.multiline ? "textarea" : "input", { required: !block.optional });
  input.value = (typed.get(asked.action_id) || { value: (asked.initial_option || {}).value ?? asked.initial_value ?? "" }).value;
  if (asked.max_length) input.maxLength = asked.max_length;
  inputs.set(asked.action_id, input);
  const problem = modal.errors[block.block_id];
  return el("label", {}, block.label.text, input, problem ? el("small", { className: "bad" }, problem) : null,
    block.hint ? el("small", { className: "meta" }, block.hint.text) : null);
}

// ---------------------------------------------------------------- the rest of the world

const drawSlack = () => { drawRooms(); drawMessages(); drawModal(); };
const nothing = text => el("p", { className: "meta" }, text);
const spoken = status => status.replaceAll("_", " ");

const DRAW = {
  slack(answer) { seen.slack = answer; drawSlack(); drawAlerts(); },
  alerts(answer) { seen.alerts = answer; drawAlerts(); },
  statuspage({ components, incidents }) {
    const open = incidents.filter(one => one.status !== "resolved").length;
    const up = components.every(one => one.status === "operational");
    const sum = open ? `${open} open ${open === 1 ? "incident" : "incidents"}`
      : up ? "All systems operational" : "Not all systems operational";
    $("statuspage").replaceChildren(
      el("div", { className: `page ${up && !open ? "good" : "bad"}` }, sum),
      ...components.map(one => el("div", { className: "row spread" }, one.name,
        el("span", { className: one.status === "operational" ? "good" : "bad" }, spoken(one.status)))),
      ...incidents.map(one => el("div", { className: "card" }, el("strong", {}, one.name), one.incident_updates.map(update =>
        el("div", { className: "update" }, el("b", { className: update.status === "resolved" ? "good" : "warn" }, update.status),
          el("span", { className: "meta" }, `  ${clockTime(Date.parse(update.display_at) / 1000)}\n`), update.body)))),
      ...(incidents.length ? [] : [nothing("Customers have been told nothing.")]));
  },
  linear({ issues }) {
    $("linear").replaceChildren(...(issues.length ? issues.map(one => el("div", { className: "card" },
      el("div", {}, el("span", { className: "meta" }, one.identifier), ` ${one.title}`),
      el("div", { className: "row" }, el("button", { onclick: () => read(one) }, "Read it")))) : [nothing("No issue yet.")]));
  },
  faults(answer) {
    const services = $("break").elements.service;
    if (!services.options.length) services.append(...Object.keys(answer).map(name => el("option", {}, name)));
    const kind = name => [...$("break").elements.kind.options].find(one => one.value === name).textContent;
    const mend = (event, name) => act(event.currentTarget, () => call("DELETE", `/faults/${name}`));
    const waiting = one => `${one.match}${kind(one.kind)}${one.times ? `, ${one.times} × to come` : ""}`;
    $("faults").replaceChildren(...Object.entries(answer).flatMap(([name, { faults, struck }]) => [
      faults.length ? el("div", { className: "row spread" },
        el("span", { className: "bad" }, `${name}: ${faults.map(waiting).join("; ")}`),
        el("button", { onclick: event => mend(event, name) }, "Mend")) : null,
      ...Object.entries(struck).map(([what, times]) =>
        el("p", { className: "meta" }, `${name}: ${kind(what)}, happened ${times} ×`)),
    ]).filter(Boolean));
  },
  queue({ reachable }) {
    const [text, path] = reachable ? ["Cut the webhook off its queue", "cut"] : ["Mend the queue", "mend"];
    $("queue").replaceChildren(...(reachable ? [] : [el("p", { className: "bad" }, "The webhook does not reach its queue.")]),
      el("button", { onclick: event => act(event.currentTarget, () => call("POST", `/queue/${path}`)) }, text));
  },
};

/** OnCall lists what it sent by id; the room that grew out of an alert, and whoever fired it, know its title. */
function drawAlerts() {
  const ids = [...new Set(seen.alerts.map(one => one.alert_group_id))].reverse();
  const rooms = (seen.slack || { channels: [] }).channels.filter(room => room.private);
  const resolve = (event, id) => act(event.currentTarget, () => call("POST", "/oncall/people/resolve", { alert_group_id: id }));
  if (!ids.length) return $("alerts").replaceChildren(nothing("None yet."));
  keep($("alerts"), ids.map(id => {
    const sent = seen.alerts.filter(one => one.alert_group_id === id);
    const room = rooms.find(one => JSON.stringify(one.posts).includes(id));
    const title = room ? room.topic : seen.titles.get(id) || id;
    const over = sent.some(one => one.event === "resolve");
    const outcome = `${over ? "resolved" : "firing"} · webhook answered ${sent.at(-1).status ?? sent.at(-1).error}`;
    return { key: id, state: JSON.stringify([title, outcome]), draw: () => el("div", { className: "card" },
      el("div", {}, title), el("div", { className: sent.at(-1).status === 202 ? "meta" : "bad" }, outcome),
      over ? null : el("div", { className: "row" },
        el("button", { className: "small", onclick: event => resolve(event, id) }, "Resolve"))) };
  }));
}

function read(issue) {
  const dialog = el("dialog", { className: "wide", onclose: () => dialog.remove() },
    el("form", { method: "dialog", className: "row spread" },
      el("h3", {}, `${issue.identifier} ${issue.title}`), el("button", {}, "Close")),
    el("div", { className: "document", tabIndex: 0 }, (issue.description || "").split("\n").map(markdown)));
  document.body.append(dialog);
  dialog.showModal();
}

/** One line of the Markdown that our postmortems use: headings, items, _remarks_; a backslash takes a sign as it is. */
function markdown(line) {
  const [, indent, mark, text] = /^(\s*)(#+ |- |)(.*)$/.exec(line);
  const inside = text.split(/(?<![\\\w])_(.+?)(?<!\\)_(?!\w)/).map((part, i) => {
    const plain = part.replace(/\\(\W|_)/g, "$1");
    return i % 2 ? el("em", {}, plain) : plain;
  });
  if (!text || mark === "# ") return null;  // the title stands above already
  return mark === "- " ? el("li", { className: indent ? "deeper" : "" }, inside) : el(mark ? "h4" : "p", {}, inside);
}

// ---------------------------------------------------------------- looking, again and again

const SOURCES = { slack: "/slack/people/state", alerts: "/oncall/people/deliveries", statuspage: "/statuspage/people/state",
  linear: "/linear/people/state", faults: "/faults/", queue: "/queue" };

async function refresh() {
  const answers = await Promise.all(Object.entries(SOURCES).map(async ([name, path]) => {
    const answer = await call("GET", path).catch(() => null);
    const text = JSON.stringify(answer);
    if (answer && seen.drawn[name] !== text) {
      seen.drawn[name] = text;
      DRAW[name](answer);
    }
    return answer;
  }));
  $("lost").hidden = answers.every(Boolean);
}

/** After a person's doing its effect is near: look more often for a while. */
function hurry() {
  hurry.until = Date.now() + 3000;
  if (hurry.wake) hurry.wake();
}

// ---------------------------------------------------------------- what a person does

$("me").onchange = () => { sessionStorage.setItem("me", me()); drawSlack(); };
$("newer").onclick = () => toEnd(false);
$("messages").onscroll = () => {
  seen.end = atEnd($("messages"));
  if (seen.end) $("newer").hidden = true;
};
addEventListener("resize", () => { if (seen.end) toEnd(false); });

$("fire").onclick = () => { $("firing").returnValue = ""; $("firing").showModal(); };
$("firing").querySelector("[type=button]").onclick = () => $("firing").close();
$("firing").onclose = () => {
  if ($("firing").returnValue !== "fire") return;
  const { title, drill } = $("firing").querySelector("form").elements;
  seen.expecting = new Set(seen.slack.channels.map(room => room.id));
  act($("fire"), async () => {
    const fired = { title: title.value, labels: drill.checked ? { drill: "true" } : {} };
    const { alert_group_id, delivery } = await call("POST", "/oncall/people/fire", fired);
    seen.titles.set(alert_group_id, fired.title);
    if (delivery && delivery.status !== 202) toast(`The webhook answered ${delivery.status ?? delivery.error}. `
      + "The processor looks through OnCall for what never arrived.");
  });
};

$("hints").append(...HINTS.map(hint => el("button", { type: "button", className: "small", onclick: () => {
  const input = $("say").querySelector("input");
  input.value = `${COMMAND} ${hint}`;
  input.focus();
} }, hint.trim())));

$("say").onsubmit = event => {
  event.preventDefault();
  const input = $("say").querySelector("input");
  const text = input.value.trim();
  if (!text) return;
  const command = text === COMMAND || text.startsWith(COMMAND + " ");
  if (text.startsWith("/") && !command) return toast(`Slack says: ${text.split(" ")[0]} is not a valid command`);
  input.value = "";
  const body = { user: me(), channel: seen.room, text: command ? text.slice(COMMAND.length).trim() : escape(text) };
  act($("say").querySelector(".line button"), () => call("POST", `/slack/people/${command ? "command" : "say"}`, body));
  toEnd(true);
};

$("break").onsubmit = event => {
  event.preventDefault();
  const { service, kind, match, times } = $("break").elements;
  const fault = { kind: kind.value, match: match.value, times: times.value ? Number(times.value) : null };
  act(event.submitter, () => call("POST", `/faults/${service.value}`, fault));
};

(async () => {
  const { people, bot } = await call("GET", "/cast");
  seen.bot = bot;
  $("me").append(...people.map(one => el("option", { value: one.id }, one.role)));
  if (people.some(one => one.id === sessionStorage.getItem("me"))) $("me").value = sessionStorage.getItem("me");
  for (;;) {
    await refresh();
    await new Promise(wake => { hurry.wake = wake; setTimeout(wake, Date.now() < hurry.until ? 250 : 1000); });
  }
})();
