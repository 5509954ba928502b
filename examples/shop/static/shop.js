// Each button asks the shop for the page that it names and shows what came back.
const answer = document.querySelector("output");

async function press(button) {
  const [method, path] = Object.entries(button.dataset).find(([name]) => name !== "testid");
  answer.textContent = `${method.toUpperCase()} ${path} …`;
  delete answer.dataset.answered;
  const response = await fetch(path, { method: method.toUpperCase() });
  answer.textContent = `${method.toUpperCase()} ${path} → ${response.status} ${await words(response)}`;
  answer.dataset.answered = path;
}

// Of an error page, only the sentence that explains.
async function words(response) {
  const text = await response.text();
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
  const page = isPage && new DOMParser().parseFromString(text, "text/html");
  return page ? page.querySelector("p")?.textContent ?? "" : text.trim();
}

for (const button of document.querySelectorAll(".trouble button")) {
  button.addEventListener("click", () => press(button));
}
