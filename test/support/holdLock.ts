/** Holds the lock of a site until it is killed: seats and holder as JSON arguments. Says "held", or why not. */
import { type Holder, type Seat, takeLock } from "../../rollout/lock";

const [seats = "", holder = ""] = process.argv.slice(2);
takeLock(JSON.parse(seats) as Seat[], JSON.parse(holder) as Holder).then(
  () => {
    console.log("held");
    setInterval(() => undefined, 1000);
  },
  (error: Error) => console.log(error.message),
);
