// What came in while one reads is said in a bar above the list, and in the title; a click, `.` or Enter shows it. Nothing needs it.
(() => {
  "use strict";

  const title = document.title;
  const bar = () => document.getElementById("news-bar");
  const isOff = () => { try { return localStorage.getItem("aiops-keys-off") !== null; } catch { return false; } };
  const tell = () => {
    const many = document.getElementById("news")?.dataset.new;
    document.title = many ? `(${many}) ${title}` : title;
  };

  document.addEventListener("htmx:after:swap", (event) => {
    tell();
    if (!event.detail?.ctx?.sourceEvent?.target?.closest?.("#news-bar")) return;
    // The bar is gone, and whoever pressed it goes on at the first row.
    scrollTo(0, 0);
    document.querySelector("a.row-link")?.focus({ preventScroll: true, focusVisible: false });
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOff() || document.querySelector("dialog[open]")) return;
    const isMeant = event.key === "." || (event.key === "Enter" && event.target === document.body);
    if (!isMeant || !bar() || event.target.closest("input:not(.pick), textarea, select")) return;
    event.preventDefault();
    bar().click();
  });
  tell();
})();
