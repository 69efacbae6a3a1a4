// Stands in for source-map-support/register. The SDK takes a stack of each promise that it makes, and would have every
// line of it looked up in its source maps: half a second for lines of the SDK that nobody is shown.
"use strict";
