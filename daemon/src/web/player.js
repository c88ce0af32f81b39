// The player at the foot of a page.

import { texts } from "./api.js";

const player = document.getElementById("player");
const audio = document.getElementById("audio");
const title = document.getElementById("player-title");

export function play(source, name) {
  title.textContent = name;
  audio.src = source;
  player.hidden = false;
  audio.play().catch(() => {});
  audio.focus();
}

export function stop() {
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  player.hidden = true;
}

// Whether it plays what has this in its address.
export const playing = (part) => audio.src.includes(part);

document.getElementById("player-close").addEventListener("click", stop);
audio.addEventListener("error", () => {
  if (audio.hasAttribute("src")) title.textContent = texts.failed;
});
