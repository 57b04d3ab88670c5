import { mount } from "svelte";
import { HelpAtHand, readHeld } from "./athand";
import { admitGuest, browserClock, newId, openSocket } from "./browser";
import { readConfig } from "./config";
import { Conversation, type View } from "./conversation";
import { Door } from "./door";
import type { Help } from "./help";
import { fittingLines, keepOnDevice, linesFor, whereAmI } from "./helpers";
import { devicePlace } from "./places";
import { Link } from "./socket";
import { hashOfThread, Memory, threadInHash } from "./storage";
import App from "./views/App.svelte";
import "./style.css";

const told = (id: string): string => document.getElementById(id)?.textContent ?? "";
const config = readConfig(told("kindline-config"));
const memory = new Memory(boxOf("sessionStorage"), boxOf("localStorage"));
const linked = threadInHash(location.hash);
const remembered = memory.threadId;
const known = linked ?? remembered;
const door = new Door((keep) => admitGuest(config.apiPath, keep), Date.now);

function boxOf(name: "sessionStorage" | "localStorage"): Storage | null {
  try {
    return window[name];
  } catch {
    return null; // blocked by the browser's settings
  }
}

/** Remember the thread; where it is kept also in the address, which stays in browsers' histories. */
function keepThread(threadId: string): void {
  memory.threadId = threadId;
  const bare = location.pathname + location.search;
  history.replaceState(null, "", memory.kept ? hashOfThread(threadId) : bare);
}

function converse(onChange: (view: View) => void): Conversation {
  return new Conversation({
    threadId: known ?? newId(),
    memory,
    clock: browserClock,
    newId,
    place: devicePlace,
    onChange,
    makeLink: (parts) =>
      new Link({
        ...parts,
        open: (handlers) => openSocket(config.socketPath, handlers),
        admit: () => door.enter(),
        clock: browserClock,
        random: Math.random,
      }),
  });
}

function bringHelp(onChange: (help: Help) => void): HelpAtHand {
  const { apiPath, workerPath } = config;
  const device = devicePlace();
  return new HelpAtHand({
    held: readHeld(told("kindline-help")),
    memory,
    timeZone: device.timeZone,
    whereAmI: () => whereAmI(apiPath, device),
    linesFor: (code) => linesFor(apiPath, code),
    fittingLines: (code, sought) => fittingLines(apiPath, code, sought),
    keep: (codes) => {
      if (workerPath !== null) void keepOnDevice(workerPath, codes);
    },
    onChange,
    now: Date.now,
    clock: browserClock,
  });
}

if (known !== null && config.model !== null) keepThread(known);
window.addEventListener("hashchange", () => location.reload());

const target = document.getElementById("app");
if (target !== null) {
  const help = [...target.childNodes];
  const parts = { config, memory, door, converse, bringHelp, keepThread };
  const opened = { known: known !== null, byLink: linked !== null && linked !== remembered };
  mount(App, { target, props: { ...parts, ...opened } });
  for (const node of help) node.remove(); // only now: it stays where the start fails
}
