import { api, texts } from "./api.js";
import { confirm, onSubmit, toast } from "./forms.js";
import { listen, refresh } from "./page.js";
import { play, playing, stop } from "./player.js";

// a number in the address: what was played before is not what is there now
let turn = 0;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) play(`${button.dataset.play}?${turn += 1}`, button.dataset.name);
  if (!event.target.closest("#music-back")) return;
  confirm({
    title: texts.back_ask, text: texts.back_text, what: "", yes: texts.back,
    action: async () => {
      await api("DELETE", "/music");
      if (playing("/music/")) stop();
      refresh("music");
    },
  });
});

const form = document.getElementById("music-form");
if (form) {
  onSubmit(form, async () => {
    const [file] = form.elements.file.files;
    try {
      await api("PUT", "/music", { file });
    } catch (problem) {
      // all that can be wrong is wrong with the file
      for (const fault of problem.fields) fault.field = "file";
      throw problem;
    }
    form.reset();
    if (playing("/music/")) stop();
    toast(texts.uploaded);
    refresh("music");
  });
}

listen({}, () => {});
