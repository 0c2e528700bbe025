"""What ``make mutants`` puts into a copy of the tree, one at a time: each is a fault of docs/faults.md, as somebody
would write it.

``old`` stands exactly once in its file; a test keeps it so. ``noticed_by``: files in tests/, those that should see it,
or one test of such a file.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    fault: str
    defect: str
    path: str
    old: str
    new: str
    noticed_by: str


MUTANTS = (
    # ------------------------------------------------------------ losing work
    Mutant(
        "L1", "a failed send is swallowed", "app/webhook/routes.py",
        '        raise Problem(\n            503,\n            "the queue did not take the event",',
        "        return\n        raise Problem(\n            503,\n"
        '            "the queue did not take the event",',
        "contract/test_webhook.py",
    ),
    Mutant(
        "L1", "the outbox forgets what was not taken", "app/queue/outbox.py",
        "parcel.settle(failures.get(number, late))",
        "parcel.settle(None)",
        "unit/test_outbox.py",
    ),
    Mutant(
        "L2", "the body is not counted while it streams", "app/webhook/limits.py",
        "if len(body) + len(chunk) > limit:",
        "if limit < 0:",
        "contract/test_webhook.py",
    ),
    Mutant(
        "L3", "an alert that fires again is a duplicate", "app/flows/intake.py",
        "if known is not None and not _news(known, alert):",
        "if known is not None:",
        "unit/test_war_room.py",
    ),
    Mutant(
        "L4", "an event is acknowledged whatever became of it", "app/intake/slack.py",
        "return BoltResponse(status=await self._record(request))",
        "await self._record(request)\n        return BoltResponse(status=200)",
        "unit/test_intake_slack.py",
    ),
    Mutant(
        "L4", "a button is acknowledged before it is in the queue", "app/intake/slack.py",
        "        status = await self._record(request)\n        if status != 200:\n"
        "            return BoltResponse(status=status)\n        await ack()\n        return None\n\n"
        "    async def modal",
        "        await ack()\n        await self._record(request)\n        return None\n\n    async def modal",
        "unit/test_intake_slack.py",
    ),
    Mutant(
        "L5", "nothing in hand is waited for", "app/processor/consumer.py",
        "asyncio.wait(self._lanes, timeout=self._drain_timeout_s)",
        "asyncio.wait(self._lanes, timeout=0)",
        "unit/test_consumer.py",
    ),
    Mutant(
        "L5", "what is left at the end is not given back", "app/processor/consumer.py",
        "                await self._put_off(delivery, 0)\n",
        "",
        "unit/test_consumer.py",
    ),
    Mutant(
        "L6", "what cannot be worked is deleted instead of parked", "app/processor/consumer.py",
        "await self._inbox.park(delivery, reason)",
        "await self._inbox.delete(delivery)",
        "unit/test_consumer.py",
    ),
    Mutant(
        "L6", "parking forgets the dead-letter queue", "app/queue/sqs.py",
        "                MessageBody=delivery.text,\n",
        "                MessageBody=delivery.id,\n",
        "contract/test_queue.py",
    ),
    Mutant(
        "L7", "an error leaves the person without an answer", "app/processor/dispatch.py",
        "await self._answer(delivery, gesture, answers.NOT_YET)",
        "pass",
        "unit/test_dispatch.py",
    ),
    Mutant(
        "L7", "nobody is told what was parked", "app/processor/consumer.py",
        "            await self._told(delivery, reason)\n",
        "            pass\n",
        "unit/test_consumer.py",
    ),
    Mutant(
        "L8", "the answer waits for the queue for ever", "app/webhook/routes.py",
        "async with asyncio.timeout(SEND_DEADLINE_S):",
        "async with asyncio.timeout(None):",
        "contract/test_webhook.py",
    ),
    # ------------------------------------------------------------ doing work twice
    Mutant(
        "D1", "a room that is there is not adopted", "app/flows/room.py",
        "room, adopted = await chat.own_room(name), True\n            except Unknown:",
        "room, adopted = None, True\n            except Unknown:",
        "unit/test_war_room.py",
    ),
    Mutant(
        "D1", "the second attempt does not look for what the first left", "app/flows/steps.py",
        "return self.attempt > 1",
        "return False",
        "unit/test_war_room.py",
    ),
    Mutant(
        "D2", "a resolved incident can be assembled", "app/domain/incident.py",
        "Status.RESOLVED: frozenset({Status.ACTIVE}),",
        "Status.RESOLVED: frozenset({Status.ACTIVE, Status.ROOM_ASSEMBLING}),",
        "unit/test_incident.py",
    ),
    Mutant(
        "D2", "a late event is not told from a new one", "app/flows/intake.py",
        "return alert.at > incident.resolved_at or",
        "return True or",
        "unit/test_war_room.py",
    ),
    Mutant(
        "D2", "the end of an earlier firing ends this one", "app/events/alert_resolved.py",
        "if group is None or group.newer_than(body):",
        "if group is None:",
        "unit/test_stories.py",
    ),
    Mutant(
        "D11", "an incident is opened again while its end is being worked", "app/flows/reopening.py",
        "if incident.lease and incident.lease.until > clock.wall():",
        "if False:",
        "unit/test_intake_stories.py",
    ),
    Mutant(
        "D11", "alerts that fire together do not find each other", "app/flows/intake.py",
        '*([("TOGETHER", together)] if together else [])',
        "",
        "unit/test_intake_stories.py",
    ),
    Mutant(
        "D1", "a split forgets what it did", "app/flows/split.py",
        "steps=[record])",
        ")",
        "unit/test_intake_crashes.py",
    ),
    Mutant(
        "S9", "a drill joins the real thing", "app/domain/correlation.py",
        "'drill-' if alert.drill else ''",
        "''",
        "unit/test_intake_stories.py",
    ),
    Mutant(
        "S7", "an incident ends by itself while customers read that it goes on", "app/flows/ending.py",
        "if _due(incident, now) and incident.public_open and incident.channel_id:",
        "if False:",
        "unit/test_intake_stories.py",
    ),
    Mutant(
        "S7", "an incident ends by itself although its alert fires again", "app/flows/ending.py",
        "return incident.alerts_over and incident.resolve_at is not None and incident.resolve_at <= now",
        "return True",
        "unit/test_intake_stories.py",
    ),
    Mutant(
        "D3", "no heartbeat", "app/processor/consumer.py",
        "await self._inbox.extend(delivery, self._visibility_s)",
        "pass",
        "unit/test_consumer.py",
    ),
    Mutant(
        "D4", "a failure does not stop its lane", "app/processor/consumer.py",
        "        await self._put_off(delivery, _delay(delivery.attempt, error))\n        return False",
        "        await self._put_off(delivery, _delay(delivery.attempt, error))\n        return True",
        "unit/test_consumer.py",
    ),
    Mutant(
        "D4", "all alerts share one lane with nobody", "app/intake/oncall.py",
        'lane=lane("alert", alert.alert_group)',
        'lane=lane("alert", clock.new_id())',
        "unit/test_intake_oncall.py",
    ),
    Mutant(
        "D5", "the draft's state is no condition of its write", "app/effects/dynamodb/items.py",
        'was = is_new if write.was is None else ("#state = :was", {":was": write.was.value})',
        "was = None",
        "contract/test_store.py",
    ),
    Mutant(
        "D5", "an approved text can be claimed once more", "app/gate/states.py",
        "    (_S.PENDING_APPROVAL, Move.EDIT)",
        "    (_S.APPROVED, Move.APPROVE): _S.APPROVED,\n    (_S.PENDING_APPROVAL, Move.EDIT)",
        "unit/test_gate_states.py",
    ),
    Mutant(
        "D6", "the POST is retried", "app/gate/_statuspage_write.py",
        '            operation="publish",\n',
        '            operation="publish",\n            idempotent=True,\n',
        "unit/test_statuspage_write.py contract/test_door.py",
    ),
    Mutant(
        "D6", "every write is repeated", "app/outbound/guard.py",
        "attempts = self._attempts if repeatable else 1",
        "attempts = self._attempts",
        "unit/test_outbound.py",
    ),
    Mutant(
        "D6", "a lost answer is called a refusal", "app/gate/door.py",
        "return await self._record(draft, Move.LOSE, why=error.detail)",
        "return await self._record(draft, Move.REFUSE, why=error.detail)",
        "contract/test_door.py",
    ),
    Mutant(
        "D7", "an unknown outcome is settled as missing at once", "app/gate/settle.py",
        "over = clock.wall() >= (draft.claimed_until or 0.0)",
        "over = True",
        "contract/test_door.py",
    ),
    Mutant(
        "D7", "the look at the page comes before the look at the clock", "app/gate/settle.py",
        "    if public is None and not over:",
        "    if public is None and clock.wall() < (draft.claimed_until or 0.0):",
        "contract/test_door.py",
    ),
    Mutant(
        "D7", "a look settles a later POST too", "app/gate/settle.py",
        " or current.claim != draft.claim:",
        ":",
        "contract/test_door.py",
    ),
    Mutant(
        "D7", "the marker is not sent", "app/domain/draft.py",
        '"metadata": {"commander": {"incident_id": incident_id, "draft_id": draft_id}},',
        '"metadata": {},',
        "contract/test_door.py",
    ),
    Mutant(
        "D8", "a failed message after a publish is raised", "app/actions/approve_statuspage.py",
        'metrics.step_failed("show_publish_outcome", str(error))\n'
        '        return "(The room could not be told: Slack did not take the message.)"',
        "raise",
        "unit/test_resolution.py",
    ),
    Mutant(
        "D9", "each postmortem has a new id", "app/flows/filing.py",
        'issue_id(f"postmortem:{incident.id}{incident.again}")',
        'issue_id(f"postmortem:{incident.version}")',
        "unit/test_filing.py",
    ),
    Mutant(
        "D10", "the deadline does not cancel the call", "app/outbound/guard.py",
        "async with asyncio.timeout(deadline_s) as limit:",
        "async with asyncio.timeout(None) as limit:",
        "unit/test_outbound.py",
    ),
    Mutant(
        "D11", "no lease", "app/flows/steps.py",
        "if incident.lease and incident.lease.until > clock.wall():",
        "if incident.lease and incident.lease.until < 0:",
        "unit/test_war_room.py",
    ),
    Mutant(
        "D11", "an older holder is not fenced off", "app/flows/steps.py",
        "if incident.attempts.get(self.name) != self.attempt:",
        "if incident.attempts.get(self.name) is None:",
        "unit/test_war_room.py unit/test_crashes.py",
    ),
    Mutant(
        "D11", "a commit does not look at the version", "app/effects/dynamodb/items.py",
        'unchanged = ("version = :version", {":version": change.incident.version})',
        'unchanged = ("attribute_exists(PK)", {})',
        "contract/test_store.py",
    ),
    # ------------------------------------------------------------ the gate
    Mutant(
        "G1", "the hash of the button is not compared with the stored one", "app/gate/_statuspage_write.py",
        "if draft.sha256 != expected_sha256:",
        "if not expected_sha256:",
        "unit/test_statuspage_write.py",
    ),
    Mutant(
        "G1", "the bytes are not compared with their hash", "app/gate/_statuspage_write.py",
        "if sha256_of(draft.wire) != draft.sha256:",
        "if not draft.wire:",
        "unit/test_statuspage_write.py",
    ),
    Mutant(
        "G1", "the approval is not read back", "app/gate/door.py",
        "await self._read_back(draft, claim),",
        "draft,",
        "contract/test_door.py",
    ),
    Mutant(
        "G1", "reads are not consistent", "app/effects/dynamodb/store.py",
        '"get_item", TableName=self._incidents, Key={"PK": {"S": pk}, "SK": {"S": sk}}, ConsistentRead=True',
        '"get_item", TableName=self._incidents, Key={"PK": {"S": pk}, "SK": {"S": sk}}',
        "unit/test_consistent_reads.py",
    ),
    Mutant(
        "G2", "an old button approves the text of another hash", "app/gate/rules.py",
        "if draft.sha256 != sha256 or draft.state is DraftState.SUPERSEDED:",
        "if draft.state is DraftState.SUPERSEDED:",
        "contract/test_door.py",
    ),
    Mutant(
        "G2", "an offer of command that was replaced can be accepted", "app/flows/handoff.py",
        "offer.declined_by or offer.id != ticket.handoff",
        "offer.declined_by",
        "unit/test_people.py",
    ),
    Mutant(
        "G3", "anyone may approve", "app/gate/rules.py",
        "if slack_id != incident.ic and slack_id not in approvers.members:",
        "if not slack_id:",
        "contract/test_door.py",
    ),
    Mutant(
        "G3", "who renews a text counts as its author", "app/actions/renew_statuspage.py",
        "author=old.author, actor=human.actor",
        "author=human.actor, actor=human.actor",
        "unit/test_public_text.py",
    ),
    Mutant(
        "G3", "the author approves their own text", "app/gate/rules.py",
        'if four_eyes and draft.author == f"slack:{slack_id}":',
        "if four_eyes and draft.author == slack_id:",
        "contract/test_door.py",
    ),
    Mutant(
        "G4", "events are not numbered on", "app/domain/audit.py",
        "enumerate(facts, start=seq + 1)",
        "enumerate(facts, start=1)",
        "unit/test_audit.py",
    ),
    Mutant(
        "G4", "an audit event may be overwritten", "app/effects/dynamodb/items.py",
        'yield _put(audit, pk, f"EVENT#{event.seq:08d}", expires, fields, is_new)',
        'yield _put(audit, pk, f"EVENT#{event.seq:08d}", expires, fields, None)',
        "contract/test_store.py",
    ),
    Mutant(
        "G5", "a placeholder can be approved", "app/gate/rules.py",
        "if found := [*problems(draft.text), *left_behind(draft, drafts)]:",
        "if found := left_behind(draft, drafts):",
        "contract/test_door.py",
    ),
    Mutant(
        "S7", "a resolved text may leave components broken", "app/gate/rules.py",
        "if found := [*problems(draft.text), *left_behind(draft, drafts)]:",
        "if found := problems(draft.text):",
        "contract/test_door.py",
    ),
    Mutant(
        "G2", "a text can be approved however old it is", "app/gate/rules.py",
        "    if now >= draft.valid_until:\n",
        "    if False:\n",
        "contract/test_door.py",
    ),
    Mutant(
        "G5", "private data can be published", "app/gate/drafts.py",
        'found += [f"it holds what customers must not see: {kind}" for kind in findings(words)]',
        "pass",
        "unit/test_drafts.py",
    ),
    Mutant(
        "G6", "another module publishes", "app/flows/resolution.py",
        "from app import clock, ledger\n",
        "from app import clock, ledger\nfrom app.gate.door import Door as Door\n",
        "architecture/test_contracts.py::test_the_contracts_hold",
    ),
    Mutant(
        "G6", "another module writes to Statuspage", "app/gate/settle.py",
        "from app import clock, ledger, telemetry\n",
        "from app import clock, ledger, telemetry\nfrom app.gate._statuspage_write import StatuspageWrite as W\n",
        "architecture/test_contracts.py::test_the_contracts_hold",
    ),
    Mutant(
        "G6", "an Approval can be made by anybody", "app/gate/_statuspage_write.py",
        "        if seal is not _SEAL:\n",
        "        if seal is None:\n",
        "unit/test_statuspage_write.py",
    ),
    Mutant(
        "G6", "an Approval is spent twice", "app/gate/_statuspage_write.py",
        "if approval._spent or approval.claim in self._spent:",
        "if approval.claim in ():",
        "unit/test_statuspage_write.py",
    ),
    Mutant(
        "G7", "a long trail is read to the end of its first page", "app/effects/dynamodb/store.py",
        'if "LastEvaluatedKey" not in answer:',
        "if True:",
        "contract/test_store.py",
    ),
    Mutant(
        "G7", "a room is closed and its trail's head stays in reach", "app/flows/archive.py",
        "        await self.vault.keep(incident_id, Head(incident.audit_seq, incident.audit_head))\n",
        "",
        "unit/test_resolution.py",
    ),
    Mutant(
        "G7", "whoever adds a head to the archive makes a rewritten trail pass", "app/domain/sweep.py",
        "for head in kept:",
        "for head in kept[-1:]:",
        "unit/test_sweep.py",
    ),
    Mutant(
        "G7", "a full archive is read to the end of its first page", "app/effects/s3_vault.py",
        'if not page["IsTruncated"]:',
        "if True:",
        "contract/test_vault.py",
    ),
    Mutant(
        "G8", "a published text can be rejected", "app/gate/states.py",
        "    (_S.FAILED, Move.APPROVE)",
        "    (_S.PUBLISHED, Move.REJECT): _S.REJECTED,\n    (_S.FAILED, Move.APPROVE)",
        "unit/test_gate_states.py",
    ),
    Mutant(
        "G9", "a draft is not put where it can be decided", "app/flows/publishing.py",
        'ts = await post_once(chat, incident.channel_id, message, f"draft:{draft.id}", adopting=True)',
        'ts = "0"',
        "unit/test_stories.py",
    ),
    Mutant(
        "G10", "dispatch believes the queue", "app/processor/dispatch.py",
        "        if proof is None:\n",
        "        if False:\n",
        "unit/test_dispatch.py",
    ),
    Mutant(
        "G10", "what we said ourselves counts as a person's word", "app/domain/gesture.py",
        ' or event["user"] in ours:',
        ":",
        "unit/test_gesture.py",
    ),
    Mutant(
        "G10", "a proof covers other bytes", "app/domain/people.py",
        "if not proof.covers(gesture.raw.encode()):",
        "if proof is None:",
        "unit/test_gesture.py",
    ),
    # ------------------------------------------------------------ saying what is not so
    Mutant(
        "S1", "a failed query is 0", "app/effects/grafana_cloud.py",
        "            return failed(asked.label, str(error), query=said, link=link)",
        '            return Reading(label=asked.label, outcome=Outcome.MEASURED, text="0.00 %", query=said)',
        "contract/test_grafana_cloud.py",
    ),
    Mutant(
        "S1", "an old value is a current one", "app/effects/grafana_cloud.py",
        "Outcome.STALE if at - found.at > STALE_AFTER else Outcome.MEASURED",
        "Outcome.MEASURED",
        "contract/test_grafana_cloud.py",
    ),
    Mutant(
        "S1", "half an answer is taken for all of it", "app/effects/grafana_cloud.py",
        '    if answer.get("warnings"):',
        '    if answer.get("warning"):',
        "contract/test_grafana_cloud.py",
    ),
    Mutant(
        "S1", "what an old value is compared with is judged", "app/effects/grafana_cloud.py",
        "_slo(asked, found.number if outcome is Outcome.MEASURED else None)",
        "_slo(asked, found.number)",
        "contract/test_grafana_cloud.py",
    ),
    Mutant(
        "S1", "what could not be read of the code is left out", "app/domain/readings.py",
        "(*more, *gaps)",
        "more",
        "contract/test_github.py",
    ),
    Mutant(
        "S1", "nothing found is nothing there, though half of it could not be read", "app/domain/readings.py",
        "return failed(label, \"; \".join(gaps), query=query) if gaps else empty",
        "return empty",
        "contract/test_github.py",
    ),
    Mutant(
        "S1", "somebody else's page is read as CODEOWNERS", "app/effects/github.py",
        '_RAW not in found.headers.get("content-type", "")',
        "False",
        "unit/test_context.py",
    ),
    Mutant(
        "S1", "the first line of CODEOWNERS that matches wins", "app/domain/codeowners.py",
        "for pattern, named in _lines(codeowners)][::-1]",
        "for pattern, named in _lines(codeowners)]",
        "unit/test_codeowners.py",
    ),
    Mutant(
        "T5", "a stranger's address becomes a link", "app/messages/context.py",
        'address.startswith(("https://", "http://"))',
        "True",
        "unit/test_context.py",
    ),
    Mutant(
        "S1", "a model's number needs no source", "app/domain/fact_check.py",
        "if not any(_says(line, n) for line in amounts)",
        "if not amounts",
        "unit/test_fact_check.py",
    ),
    Mutant(
        "S1", "whatever a model calls a cause is one", "app/domain/fact_check.py",
        "return named is None or any(",
        "return True or any(",
        "unit/test_fact_check.py contract/test_bedrock.py",
    ),
    Mutant(
        "S1", "what an alert says is so", "app/domain/fact_check.py",
        "quotable = known if claims.attributed(sentence) else recorded",
        "quotable = known",
        "unit/test_fact_check.py",
    ),
    Mutant(
        "S1", "a model's words are not checked", "app/effects/bedrock.py",
        "check(_usable(await self._converse(rules, data)), facts.sources, public=public)",
        "Checked((_usable(await self._converse(rules, data)),), ())",
        "contract/test_bedrock.py",
    ),
    Mutant(
        "S2", "reminders are called off though the scheduler has none", "app/flows/quiet.py",
        'if not already and not await timers.silence(schedule_name("nudge", incident.id)):',
        "if False:",
        "unit/test_resolution.py",
    ),
    Mutant(
        "S3", "nobody outside is told that nobody came", "app/flows/invites.py",
        "    if not flow.incident.responders and flow.ending:",
        "    if flow.attempt < 0:",
        "unit/test_war_room.py",
    ),
    Mutant(
        "S3", "a commander who left is missed by nobody", "app/flows/attendance.py",
        "    await check(store, chat, timers, policy, incident.id, cause)\n    await command.announce",
        "    await command.announce",
        "unit/test_people.py",
    ),
    Mutant(
        "S3", "a deputy who is not here gets command", "app/flows/command.py",
        "if deputy in incident.seen and deputy in present:",
        "if deputy:",
        "unit/test_people.py",
    ),
    Mutant(
        "S3", "an invitation is taken for a presence", "app/flows/attendance.py",
        "    if not incident.seen:\n",
        "    if not incident.joined:\n",
        "unit/test_people.py",
    ),
    Mutant(
        "S4", "one failed lookup takes the other down", "app/flows/people.py",
        '    except VendorError as error:\n        return (), "", str(error)\n',
        '    except ZeroDivisionError as error:\n        return (), "", str(error)\n',
        "unit/test_war_room.py",
    ),
    Mutant(
        "S5", "an unknown button only logs", "app/processor/dispatch.py",
        "return answers.unknown(gesture, self._help)",
        "return None",
        "unit/test_dispatch.py",
    ),
    Mutant(
        "S6", "the postmortem's timeline is empty", "app/messages/postmortem.py",
        "trails.timeline(incident, trail, evidence.room)",
        "trails.timeline(incident, (), evidence.room)",
        "unit/test_prose.py",
    ),
    Mutant(
        "S6", "what people said is not in the postmortem", "app/messages/postmortem.py",
        "trails.said(incident, trail, evidence.room)",
        "trails.said(incident, (), evidence.room)",
        "unit/test_postmortem.py",
    ),
    Mutant(
        "S7", "no last word is asked for", "app/flows/resolution.py",
        "if step := _last_word(flow.incident):",
        "if step := None:",
        "unit/test_resolution.py",
    ),
    Mutant(
        "S7", "two texts are on their way at once", "app/gate/rules.py",
        "if any(other.state in _ON_ITS_WAY for other in drafts if other.id != draft.id):",
        "if False:",
        "contract/test_door.py",
    ),
    Mutant(
        "S7", "an update opens another public incident", "app/gate/door.py",
        "public_id=incident.public.id if incident.public else None,",
        "public_id=None,",
        "contract/test_door.py",
    ),
    Mutant(
        "S8", "the assembly is measured from its own start", "app/flows/war_room.py",
        "seconds = (clock.now() - flow.incident.alert.at).total_seconds()",
        "seconds = (clock.now() - flow.incident.created_at).total_seconds()",
        "unit/test_war_room.py",
    ),
    Mutant(
        "S9", "a drill can be published", "app/gate/rules.py",
        "    if incident.drill:\n",
        "    if incident.drill and four_eyes:\n",
        "contract/test_door.py",
    ),
    Mutant(
        "S9", "a drill's postmortem is filed", "app/flows/filing.py",
        "        if incident.drill:\n",
        "        if incident.drill and not markdown:\n",
        "unit/test_resolution.py",
    ),
    Mutant(
        "S10", "the doctor's schedule stays", "app/doctor/scheduler.py",
        "await scheduler.delete_schedule(Name=name, GroupName=group)",
        "pass",
        "contract/test_doctor.py::test_the_doctor_leaves_nothing_behind",
    ),
    Mutant(
        "S1", "a check that failed is no failure", "app/doctor/report.py",
        "all(finding.verdict is not Verdict.FAILED for finding in findings)",
        "bool(findings)",
        "contract/test_doctor.py::test_a_vendor_that_does_not_answer_fails_alone",
    ),
    Mutant(
        "S10", "the reminders' schedule stays", "app/flows/resolution.py",
        "there = [name for name in sorted(names) if await self.timers.remove(name)]",
        "there = sorted(names)",
        "unit/test_resolution.py",
    ),
    Mutant(
        "S5", "an overdue postmortem is only recorded", "app/flows/sla.py",
        "        told = await _tell(chat, policy, incident, messages.postmortem_overdue("
        "incident, state, policy.postmortem_sla))\n",
        "        told: list[str] = []\n",
        "unit/test_aftercare.py",
    ),
    Mutant(
        "S5", "a postmortem that cannot be read is not looked at again", "app/flows/sla.py",
        "        await schedule(timers, incident_id, clock.now() + LOOK_AGAIN)\n",
        "",
        "unit/test_aftercare.py",
    ),
    Mutant(
        "S10", "a drill is followed up", "app/flows/resolution.py",
        "if incident.resolved_at and not incident.drill:  #",
        "if incident.resolved_at:  #",
        "unit/test_aftercare.py",
    ),
    Mutant(
        "S2", "a fact can be ticked by hand", "app/actions/tick.py",
        "    if item is None:\n",
        "    if False:\n",
        "unit/test_checklist.py",
    ),
    # ------------------------------------------------------------ timing and people
    Mutant(
        "T1", "the first reminder comes at once", "app/flows/nudges.py",
        "first = first or clock.now() + policy.update_every(incident.severity)",
        "first = first or clock.now()",
        "unit/test_war_room.py",
    ),
    Mutant(
        "T1", "reminders come after the resolution", "app/flows/nudges.py",
        '    if not incident.open:\n        await timers.remove(schedule_name("nudge", incident.id))\n        return\n',
        "",
        "unit/test_resolution.py",
    ),
    Mutant(
        "T1", "whatever the scheduler fires is a reminder", "app/flows/nudges.py",
        "    if reminders.too_soon(now, policy.nudge_gap):\n        return\n",
        "",
        "unit/test_cadence.py",
    ),
    Mutant(
        "T1", "an update of the commander puts nothing off", "app/flows/timeline.py",
        "    await nudges.postpone(timers, incident, policy)\n",
        "",
        "unit/test_cadence.py",
    ),
    Mutant(
        "T8", "a corrected message is taken for the one on the timeline", "app/flows/timeline.py",
        'mark = f"{ts} {hashlib.sha256(text.encode()).hexdigest()[:12]}"',
        "mark = ts",
        "unit/test_cadence.py",
    ),
    Mutant(
        "T2", "long names are cut, not hashed", "app/domain/schedule.py",
        "if len(name) <= _NAME_MAX:",
        "if True:",
        "unit/test_incident.py",
    ),
    Mutant(
        "T2", "long lanes are cut, not hashed", "app/queue/envelope.py",
        'return safe[:60] + "~" + hashlib.sha256(name.encode()).hexdigest()[:32]',
        "return safe[:60]",
        "unit/test_envelope.py",
    ),
    Mutant(
        "T3", "schedules have no end", "app/effects/eventbridge.py",
        '"ActionAfterCompletion": "DELETE"',
        '"ActionAfterCompletion": "NONE"',
        "contract/test_timers.py",
    ),
    Mutant(
        "T4", "the room is closed at once", "app/flows/resolution.py",
        "at = clock.now() + self.policy.archive_delay",
        "at = clock.now()",
        "unit/test_resolution.py",
    ),
    Mutant(
        "T4", "the room is closed before its postmortem is filed", "app/flows/archive.py",
        'if LINK_TOLD not in await self.store.steps(incident.id, f"resolution{incident.again}"):',
        "if False:",
        "unit/test_stories.py",
    ),
    Mutant(
        "T5", "titles are not escaped", "app/messages/message.py",
        'return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")',
        "return text",
        "unit/test_war_room.py",
    ),
    Mutant(
        "T5", "headers are not cut to Slack's limit", "app/messages/message.py",
        '"text": cut(text, HEADER_MAX), "emoji"',
        '"text": text, "emoji"',
        "unit/test_war_room.py",
    ),
    Mutant(
        "T6", "people are invited one by one", "app/flows/invites.py",
        "BATCH = 30  #",
        "BATCH = 1  #",
        "unit/test_war_room.py",
    ),
    Mutant(
        "T7", "Retry-After is not kept to", "app/outbound/guard.py",
        "raise VendorThrottled(self._vendor, operation, retry_after=_retry_after(response))",
        "raise VendorThrottled(self._vendor, operation, retry_after=0.0)",
        "unit/test_outbound.py",
    ),
    Mutant(
        "T7", "no rate is kept to", "app/effects/slack/pace.py",
        "            self.tokens -= 1.0\n",
        "",
        "contract/test_slack.py",
    ),
    Mutant(
        "T8", "an action in the room is not filed under its incident", "app/flows/war_room.py",
        'lookups=[("CHANNEL", made.id)],',
        "lookups=[],",
        "unit/test_stories.py",
    ),
    # ------------------------------------------------------------ security
    Mutant(
        "X1", "each bad signature reads the secret", "app/webhook/secret_cache.py",
        "if clock.monotonic() - self._tried_at < READ_AGAIN_S:",
        "if False:",
        "unit/test_secret_cache.py",
    ),
    Mutant(
        "X2", "an old timestamp is taken", "app/signature.py",
        "return abs(now - int(timestamp)) <= tolerance_s",
        "return True",
        "unit/test_signature.py",
    ),
    Mutant(
        "X2", "a replay leaves the timestamp out", "app/webhook/verifiers.py",
        'timestamp = headers.get(timestamp_header.lower(), "")',
        "timestamp = headers.get(timestamp_header.lower())",
        "contract/test_webhook.py",
    ),
    Mutant(
        "X2", "every delivery of an event is a new one", "app/intake/oncall.py",
        'dedup_id=dedup("alert", alert.alert_group, alert.event, when)',
        "dedup_id=clock.new_id()",
        "unit/test_intake_oncall.py",
    ),
    Mutant(
        "X3", "the webhook pod knows a vendor", "app/webhook/routes.py",
        "from app import telemetry\n",
        "import app.effects.linear\nfrom app import telemetry\n",
        "architecture/test_contracts.py::test_the_contracts_hold",
    ),
    Mutant(
        "X4", "any token will do", "app/signature.py",
        "ok |= hmac.compare_digest(token.encode(), wanted.encode())",
        "ok |= bool(wanted)",
        "unit/test_signature.py",
    ),
    Mutant(
        "X4", "any signature will do", "app/signature.py",
        "ok |= hmac.compare_digest(sign_hex(secret, body).encode(), wanted.encode())",
        "ok |= bool(wanted)",
        "unit/test_signature.py",
    ),
    Mutant(
        "X5", "the model sees what is private", "app/effects/bedrock.py",
        "{escape(redact(text)).strip()}",
        "{escape(text).strip()}",
        "contract/test_bedrock.py",
    ),
    Mutant(
        "X5", "what is private stands in the trail", "app/domain/audit.py",
        "details = scrub(fact.details)",
        "details = dict(fact.details)",
        "unit/test_audit.py unit/test_redaction.py",
    ),
    Mutant(
        "X5", "what is private is filed in the tracker", "app/messages/markdown.py",
        'line = redact(" ".join(text.split()))',
        'line = " ".join(text.split())',
        "unit/test_hostile_text.py",
    ),
    Mutant(
        "X5", "a title in the tracker is not redacted", "app/flows/filing.py",
        'title=redact(f"Postmortem: {incident.title}"),',
        'title=f"Postmortem: {incident.title}",',
        "unit/test_hostile_text.py",
    ),
    Mutant(
        "X6", "gestures are not counted", "app/webhook/slack_events.py",
        "        rate.count(request, genuine=from_slack(body, request.headers))\n",
        "",
        "contract/test_webhook.py",
    ),
    Mutant(
        "X6", "no rate limit", "app/webhook/limits.py",
        "        if wait_s:\n",
        "        if wait_s < 0:\n",
        "contract/test_webhook.py",
    ),
)  # fmt: skip
