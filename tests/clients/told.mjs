// How a driver talks to its test: commands come as lines of JSON, what it sees goes out as such.
import { createInterface } from "node:readline";

export const asked = JSON.parse(process.argv[2]);

export function tell(seen) {
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

export async function obey(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...args] = JSON.parse(line);
    commands[name](...args);
  }
  process.exit(0); // the test closed our input
}

// A library that complains of an event complains of the server.
for (const level of ["warn", "error"]) {
  console[level] = (...words) => tell({ complaint: words.map(String).join(" ") });
}
process.on("unhandledRejection", (error) => tell({ complaint: `unhandled: ${error}` }));
