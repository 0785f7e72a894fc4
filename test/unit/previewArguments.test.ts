import { expect, it } from "vitest";
import { parseArguments } from "../../dev/previewOffline";

it.each([
  [
    ["--target", "**web3**", "--diff"],
    ["--target", "**web3**", "--diff"],
  ],
  [
    ["--target=**web3**", "--target", "a"],
    ["--target=**web3**", "--target", "a"],
  ],
  [
    ["--color", "never", "-j"],
    ["--color", "never", "-j"],
  ],
  [[], []],
])("options of `pulumi preview` keep their values: %j", (given, expected) => {
  for (const args of [
    ["--stack", "prod", ...given, "--config", "webReplicas=4", "--config=a=b=c"],
    ["-c", "webReplicas=4", ...given, "-c", "a=b=c", "--stack=prod"],
  ]) {
    expect(parseArguments(args)).toEqual({
      stack: "prod",
      changes: { webReplicas: "4", a: "b=c" },
      others: expected,
    });
  }
});

it("a preview is of a stack", () => {
  expect(parseArguments(["--target", "a"])).toBeUndefined();
});
