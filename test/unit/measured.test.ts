import { expect, it } from "vitest";
import { withSection } from "../support/measured";

const PAGE = "# Page\n\n<!-- a: begin -->\n\nold\n\n<!-- a: end -->\n\nrest <!-- b: begin -->\n";

it("replaces a section and leaves the rest", () => {
  const page = withSection(PAGE, "a", "new");
  expect(page).toBe(PAGE.replace("old", "new"));
  expect(withSection(page, "a", "new")).toBe(page);
});

it("refuses a page that lacks the section's marks", () => {
  expect(() => withSection(PAGE, "b", "new")).toThrow('no section "b"');
});
