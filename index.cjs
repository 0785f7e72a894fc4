// What Pulumi runs: index.ts, read by tsx. Pulumi itself would have it read by ts-node, which knows nothing of the run before
// and costs a second of every `pulumi` command.
require("tsx/cjs/api").register();
module.exports = require("./index.ts");
