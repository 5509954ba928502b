// What the pages do by themselves: everything here is comfort, nothing is needed to read or to act.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => {
    const said = document.getElementById("said");
    if (said) said.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
  };

  // The session has ended: to the sign-in page, and from there back to here. What somebody is typing keeps them here: the
  // form can still be sent, and is shown again after the sign-in.
  const isTyped = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0;
    return field.type !== "hidden" && field.value !== field.defaultValue;
  };
  const isTyping = () => all('form[method="post"]').some((form) => [...form.elements].some((field) => "value" in field && field.type !== "submit" && isTyped(field)));
  const signIn = () => {
    const way = `/signin?next=${encodeURIComponent(location.pathname + location.search)}`;
    if (!isTyping()) return location.assign(way);
    if (document.getElementById("signed-out")) return;
    const link = Object.assign(document.createElement("a"), { href: way, target: "_blank", textContent: "sign in in another window" });
    const notice = Object.assign(document.createElement("p"), { id: "signed-out", className: "signed-out" });
    notice.setAttribute("role", "alert");
    notice.append("Your session has ended. What you typed is still here: send it, and sign in then, or ", link, ".");
    document.body.append(notice);
  };

  // Where not all tabs have room, the open one is in sight: also in a browser that does not do this by itself.
  for (const open of all(".nav a[aria-current], .tabs a[aria-current]")) {
    const row = open.parentElement;
    const [left, right] = [open.offsetLeft - row.offsetLeft, open.offsetLeft - row.offsetLeft + open.offsetWidth];
    if (left < row.scrollLeft || right > row.scrollLeft + row.clientWidth) row.scrollLeft = left - (row.clientWidth - open.offsetWidth) / 2;
  }

  // Relative times grow old on a page that stays open. The words are those of the server (web/words.py).
  const units = [[86400, "days", 2], [3600, "h", 1], [60, "min", 1], [1, "s", 1]];
  const lasting = (seconds) => {
    const [size, word] = units.find(([size, , least]) => seconds >= size * least) || units[3];
    return `${Math.max(0, Math.floor(seconds / size))} ${word}`;
  };
  const ago = (seconds) => (seconds < 10 ? "just now" : `${lasting(seconds)} ago`);
  // Exact times are in UTC, as in logs; here is the time on the viewer's own clock, written as they write it.
  const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const hourly = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const place of all("[data-clock]")) place.textContent = "by your clock, too";
  for (const place of all("[data-zone]")) place.textContent = ` (${zoned.resolvedOptions().timeZone})`;
  const inTheirZone = (text) => { try { return zoned.format(new Date(text)); } catch { return text; } };
  const refreshTimes = () => {
    for (const time of all("time[datetime]")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const isSpan = "span" in time.dataset;
      if (!time.title.includes(" · ")) time.title = `${inTheirZone(time.dateTime)} · ${time.title}`;
      const own = "hour" in time.dataset ? hourly : "exact" in time.dataset ? exactly : null;
      if (own) {
        const text = own.format(new Date(time.dateTime));
        if (time.textContent !== text) time.textContent = text;
        continue;
      }
      // A clock that is off by more than a minute is not ours to correct; a date stays a date.
      if (seconds < -60 || (!isSpan && seconds >= 30 * 86400)) continue;
      const text = isSpan ? lasting(seconds) : ago(seconds);
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(refreshTimes, 10000);
  refreshTimes();
  // A moment is typed by the viewer's own clock, too; what is sent says that it is UTC, as the address of the page does then.
  const asTyped = (moment) => new Date(moment - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  for (const word of all("[data-utc-word]")) word.textContent = "(your clock)";
  for (const field of all("input[data-utc][value]")) {
    const moment = new Date(`${field.getAttribute("value")}Z`);
    if (!isNaN(moment)) field.defaultValue = asTyped(moment);
  }
  document.addEventListener("formdata", (event) => {
    for (const field of all("input[data-utc]", event.target)) {
      const moment = new Date(field.value);
      if (!isNaN(moment)) event.formData.set(field.name, `${moment.toISOString().slice(0, 16)}Z`);
    }
  });
  // Nothing can be pointed at on a touch screen: a tap says the time exactly.
  document.addEventListener("click", (event) => {
    const time = event.target.closest("time[title]");
    if (time && !time.closest("a, button, summary, label") && matchMedia("(hover: none)").matches) say(time.title);
  });

  // Numbers as the viewer writes them.
  const whole = new Intl.NumberFormat();
  const scaled = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const short = (value) => {
    const [size, letter] = scaled.find(([size]) => value >= size) || [1, ""];
    const digits = value / size >= 100 ? 0 : 1;
    return new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value / size) + letter;
  };
  const refreshNumbers = () => {
    for (const figure of all("data[value]")) {
      const text = "short" in figure.dataset ? short(Number(figure.value)) : whole.format(Number(figure.value));
      if (figure.textContent !== text) figure.textContent = text;
    }
  };
  refreshNumbers();

  // The stream: opened when the page is first seen, and again after it ended for good.
  const live = document.getElementById("live");
  const lookAlive = () => {
    if (live && !document.hidden) document.dispatchEvent(new Event("page-visible"));
  };
  const liveIs = (state, word) => {
    live.dataset.state = state;
    document.getElementById("live-word").textContent = word;
  };
  if (live) {
    live.hidden = false;
    liveIs("off", "Connecting");
    document.addEventListener("DOMContentLoaded", () => setTimeout(lookAlive));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) liveIs("off", "Paused");
      lookAlive();
    });
    setInterval(lookAlive, 10000);
    live.addEventListener("htmx:sse:after:connection", () => liveIs("on", "Live"));
    for (const name of ["htmx:sse:before:connection", "htmx:sse:error", "htmx:sse:close"]) {
      live.addEventListener(name, () => liveIs("off", "Reconnecting"));
    }
    live.addEventListener("htmx:sse:error", (event) => { if (event.detail.status === 401) signIn(); });
    live.addEventListener("signed-out", signIn);
  }

  // A row that is new, or whose number has changed, lights up for a moment.
  let before = new Map();
  const numbered = (within) => new Map(all("[data-count]", within).map((row) => [row.id, row.dataset.count]));
  document.addEventListener("htmx:before:swap", () => { before = numbered(document); });
  document.addEventListener("htmx:after:swap", (event) => {
    refreshTimes();
    refreshNumbers();
    const from = event.detail?.ctx?.sourceEvent;
    if (!["incidents", "services", "jobs"].includes(from?.type) && !from?.target?.closest?.("#news-bar")) return;
    for (const [id, count] of numbered(document)) {
      if (before.get(id) === count) continue;
      const row = document.getElementById(id);
      row.classList.add("fresh");
      setTimeout(() => row.classList.remove("fresh"), 2500);
    }
  });

  const failed = (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status === 401) return signIn();
    if (event.target === live) return;
    say(status === 403 ? "Not done: you may not do that, or this page is too old. Reload it and try again." : "That did not work. Reload the page and try again.");
  };
  document.addEventListener("htmx:response:error", failed);

  const showCopyButtons = () => { for (const button of all("[data-copy][hidden]")) button.hidden = false; };
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // No clipboard without https: mark the text, so that one key press copies it.
      getSelection().selectAllChildren(source);
      say("Marked: copy it with Ctrl-C.");
      return;
    }
    button.textContent = "Copied";
    say("Copied.");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  // A link to a text: without a clipboard, or a script, it leads there.
  const copyFrom = async (link) => {
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.status);
      await navigator.clipboard.writeText(await answer.text());
    } catch {
      location.href = link.href;
      return;
    }
    say("Copied.");
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    if ("copyFrom" in button.dataset) copyFrom(button);
    else copy(button);
  });
  document.addEventListener("htmx:after:swap", showCopyButtons);
  showCopyButtons();
})();
