// Package capacity has limiters for the store: one that gives tables the
// capacity that DynamoDB would give them, a plain rate limit, and one that waits
// where the others refuse; and auto scaling, which follows the traffic.
//
// [New] is the service: provisioned and on-demand tables, bursts, partition
// ceilings, global indexes that push back on their tables, errors with AWS's
// texts and reasons. [Rate] bounds operations and units a second, whatever the
// tables were given. [Waiting] makes callers wait, bounded by their context.
// [NewAutoScaling] changes provisioned units as Application Auto Scaling does.
//
// What AWS documents is followed, and each rule names the page. What AWS does
// not publish is decided, and written down, in docs/capacity.md.
package capacity
