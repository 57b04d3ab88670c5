// The stock verifier of @ag-ui/client over the events it is given; it throws at what it forbids.
import { verifyEvents } from "@ag-ui/client";
import { Subject } from "rxjs";

import { obey, tell } from "./told.mjs";

const events = new Subject();
events.pipe(verifyEvents(false)).subscribe({
  error: (error) => tell({ complaint: error.message }),
});

await obey({
  event: (event) => events.next(JSON.parse(event)),
  done: () => tell({ status: "ready" }),
});
