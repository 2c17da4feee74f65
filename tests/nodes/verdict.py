"""What must hold, and whether it did: from the ledger of Meta, the emails, and the looks at the duties. Nothing here
asks anybody; each function returns its complaints, and a run without any is good."""

from collections import defaultdict

TAKE_OVER = 20.0
# What a daemon got this shortly before it was killed, it could not store. A commit on a loaded machine takes a while.
STORED_WITHIN = 2.0
# How long a daemon that has a wrong clock may still hold what it held: a term that it renewed just before it could notice,
# because it reads a clock that is up to a second old, and the way of that to the database.
TERM = 17.0
DUTIES = ("app:acme", "email", "delivery", "nightly")


def short(seconds):
    return f"{seconds:.1f} s"


def in_flight_twice(ledger):
    """Never two exchanges of one token at the same time, whichever of its secrets they are about."""
    for token, entries in by_token(ledger).items():
        latest = None
        for entry in entries:
            if latest and entry.began < end_of(latest):
                yield (f"two exchanges of {token} in flight: {latest.node} from {short(latest.began)} to "
                       f"{short(end_of(latest))}, {entry.node} from {short(entry.began)}")
            if latest is None or end_of(entry) > end_of(latest):
                latest = entry


def end_of(entry):
    """A daemon that was killed in it has gone; but Meta may still be at it."""
    return max(float("inf") if at is None else at for at in (entry.done, entry.ended))


def too_often(ledger, put):
    """At most one exchange of a token in 24 hours, and a run is shorter. A secret that a person put in may be exchanged
    once more; `put` has them by their tokens."""
    for token, entries in by_token(ledger).items():
        allowed = 1 + len(put.get(token, ()))
        if len(entries) > allowed:
            times = ", ".join(f"{entry.node} at {short(entry.began)} ({entry.status})" for entry in entries)
            yield f"{len(entries)} exchanges of {token} within 24 h, {allowed} allowed: {times}"


def by_token(ledger):
    found = defaultdict(list)
    for entry in sorted(ledger, key=lambda entry: entry.began):
        found[entry.token].append(entry)
    return found


def lost_secrets(ledger, is_kept, excused):
    """What Meta gave and a daemon got is in the inventory. `excused` says why it may not be, if it may."""
    for entry in ledger:
        if entry.delivered and entry.given and not is_kept(entry.given) and not excused(entry):
            yield f"the new secret of {entry.token} that {entry.node} got at {short(entry.ended)} is lost"


def excuse(entry, histories):
    """A daemon that is killed just after it got a secret, or while that was on its way, has it in memory alone; so has
    one that is cut off from the database from then on until it ends."""
    cut_off = False
    for at, what in histories[entry.node]:
        if what == "killed" and entry.done <= at <= entry.ended:
            return "killed"
        if at <= entry.ended:
            cut_off = what == "cut off" or (cut_off and what != "no longer cut off")
            continue
        if what == "killed":
            return "killed" if cut_off or at < entry.ended + STORED_WITHIN else None
        if what == "no longer cut off":
            cut_off = False
    return None


def email_twice(emails, may_repeat):
    """Never two Message-IDs for one email; the same one twice only if its sender could not write that down."""
    names, first = defaultdict(set), {}
    for email in sorted(emails, key=lambda email: email.taken):
        if email.incident:
            names[email.incident, email.to, email.subject].add(email.message_id)
        earlier = first.setdefault((email.message_id, email.to), email)
        if earlier is not email and not may_repeat(earlier, email):
            yield (f"{email.message_id} came twice: from {earlier.node} at {short(earlier.taken)} and from "
                   f"{email.node} at {short(email.taken)}, and nothing kept {earlier.node} from recording it")
        first[email.message_id, email.to] = email
    for (incident, to, subject), ids in names.items():
        if len(ids) > 1:
            yield f"{len(ids)} Message-IDs for one email of incident {incident} to {to}: {subject}: {sorted(ids)}"


def may_repeat(earlier, later, histories, outages):
    """Whether the first sender could not write down that it had sent it: it was killed just then, maybe while its last
    bytes were on their way, or it or the database was away. Or the second one was held up in the middle, after another had taken over."""
    def is_held_up(node, began, ended):
        spans = [*hindered(histories[node]), *outages]
        return any(start <= ended and stop >= began for start, stop in spans)

    return (is_held_up(earlier.node, earlier.began, earlier.taken + STORED_WITHIN)
            or is_held_up(later.node, later.began, later.taken))


def hindered(history):
    """When a daemon was killed, stopped or cut off, each with its end."""
    began = {}
    for at, what in history:
        if what == "killed":
            yield at, at
        elif what in ("stopped", "cut off"):
            began[what] = at
        elif (word := what.removeprefix("no longer ")) in began:
            yield began.pop(word), at
    for at in began.values():
        yield at, float("inf")


def gaps(looks, duty):
    """Each time for which nobody who could work held a duty, though there was somebody who could and the database
    answered: when it began, and how long it was."""
    began = None
    for look in looks:
        if look.holders is None or not look.able:
            began = None
        elif look.holders.get(duty) in look.able:
            if began is not None:
                yield began, look.at - began
            began = None
        elif began is None:
            began = look.at
    if began is not None:
        yield began, looks[-1].at - began


def longest_gap(looks, duties=DUTIES):
    found = [length for duty in duties for _, length in gaps(looks, duty)]
    return max(found, default=0.0)


def late_take_overs(looks, duties=DUTIES):
    for duty in duties:
        for began, length in gaps(looks, duty):
            if length > TAKE_OVER:
                yield f"nobody took over {duty} for {short(length)}, from {short(began)} on"


def held_with_a_wrong_clock(looks, wrong):
    """A daemon whose clock is wrong leads nothing. `wrong` has for each daemon the times from which on it must have
    noticed until its clock was put right."""
    for node, spans in wrong.items():
        for began, ended in spans:
            held = {duty for look in looks if began < look.at < ended and look.holders
                    for duty, holder in look.holders.items() if holder == node}
            if held:
                yield f"{node} held {', '.join(sorted(held))} although its clock was ten minutes off"


def going_back(looks):
    """The epoch of a duty never goes back, or two holders could pass for one."""
    highest = {}
    for look in looks:
        for duty, epoch in look.epochs.items():
            if epoch < highest.get(duty, 0):
                yield f"the epoch of {duty} went back from {highest[duty]} to {epoch} at {short(look.at)}"
            highest[duty] = max(epoch, highest.get(duty, 0))


def missed_events(written, followers):
    """Whoever follows the journal gets every event, once, in order."""
    for name, seen in followers.items():
        if missed := sorted(set(written) - set(seen)):
            yield f"a follower at {name} never got {len(missed)} events, such as {missed[:3]}"
        if seen != sorted(set(seen)):
            yield f"a follower at {name} got events twice or out of order"


def outages(looks):
    """When the database did not answer."""
    began = None
    for look in looks:
        if look.holders is None:
            began = look.at if began is None else began
        elif began is not None:
            yield began, look.at
            began = None
    if began is not None:
        yield began, looks[-1].at
