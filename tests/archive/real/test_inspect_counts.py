"""What `inspect` counts of the real archives, counted again from their plain JSON and text."""

from __future__ import annotations

import json
import re

import pytest

from tests.archive.conftest import ARCHIVES
from tests.archive.real.counted import Found, against_time, some


def _json(path):
    return json.loads((ARCHIVES / path).read_text())


def _lines(path):
    return [json.loads(line) for line in (ARCHIVES / path).read_text().splitlines() if line]


def test_reddit():
    found = Found("reddit")
    comments, submissions = (
        _lines("reddit/test_comments.json"),
        _lines("reddit/test_submissions.json"),
    )
    rows = comments + submissions
    threads = {row["id"] for row in submissions} | {row["link_id"][3:] for row in comments}
    rootless = {row["link_id"][3:] for row in comments} - {row["id"] for row in submissions}
    assert found.all["threads"] == len(threads)
    assert found.items == {"posts": len(submissions), "comments": len(comments)}
    gone = [
        row
        for row in rows
        if {row.get("body"), row.get("selftext")} & {"[removed]", "[deleted]"}
        or (row.get("_meta") or {}).get("was_deleted_later")
    ]
    assert found.facts == some(
        post__created=len(submissions),
        comment__created=len(comments),
        item__deleted=len(gone),
        post__edited=sum(bool(row["edited"]) for row in submissions),
        thread__locked=sum(bool(row.get("locked")) for row in submissions),
        thread__observed=len(threads),
    )
    assert found.odd == some(
        deleted_author=sum(row["author"] == "[deleted]" for row in rows),
        no_first_post=len(rootless),
        orphan=len(comments),
    )
    named = {(r["subreddit"], r["author"]) for r in rows if r["author"] != "[deleted]"}
    assert found.all["people"] == len(named)
    assert found.all["communities"] == sorted({f"reddit.com/r/{row['subreddit']}" for row in rows})
    assert found.all["silent_on"] == dict.fromkeys(("accepted", "closed"), len(submissions))


def test_hacker_news():
    found = Found("hacker-news")
    files = [json.loads(path.read_text()) for path in (ARCHIVES / "hacker-news").iterdir()]
    items = {item["id"]: item for item in files if item is not None}
    comments = [item for item in items.values() if item["type"] == "comment"]
    posts = [(i["time"], i["id"]) for i in items.values() if i["type"] != "comment"]
    assert found.items == {"posts": len(posts), "comments": len(comments)}
    assert found.all["threads"] == len(posts)
    deleted = [item for item in items.values() if item.get("deleted") or item.get("dead")]
    assert found.facts == some(
        post__created=len(posts),
        comment__created=len(comments),
        item__deleted=len(deleted),
        thread__observed=len(posts),
    )
    assert found.odd == some(
        deleted_author=sum("by" not in item for item in items.values()),
        null_item=files.count(None),
        id_order=against_time(posts),
    )
    assert found.all["people"] == len({item["by"] for item in items.values() if "by" in item})


def _discourse(path):
    found = Found(path)
    folder = ARCHIVES / path
    pages = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    read = [json.loads(page.read_text()) for page in pages]
    copies = [post for page in read for post in page["post_stream"]["posts"]]
    said = max(page.get("posts_count", 0) for page in read)
    return found, copies, {post["post_number"]: post for post in copies}, said


@pytest.mark.parametrize("path", ["discourse/topic-2144", "discourse/discourse_topic_1148.json"])
def test_discourse(path):
    found, copies, posts, said = _discourse(path)
    assert (found.all["threads"], found.items) == (1, {"posts": len(posts)})
    edits = sum(post["version"] - 1 for post in posts.values())
    first = [post for post in posts.values() if post["version"] == 1]
    assert found.facts == some(post__created=len(posts), post__edited=edits, thread__observed=1)
    assert found.odd == some(
        doubled_item=len(copies) - len(posts),
        posts_missing=len(posts) < max(*posts, said),
        updated_without_version=sum(p["updated_at"] != p["created_at"] for p in first),
    )
    assert found.all["people"] == len({post["user_id"] for post in posts.values()})


def test_docktesters():
    found = Found("mailing-list/docktesters")
    text = b"".join(path.read_bytes() for path in (ARCHIVES / "mailing-list/docktesters").iterdir())
    ids = re.findall(rb"^Message-ID: <(.*)>$", text, re.MULTILINE)
    answered = re.findall(rb"^In-Reply-To: <(.*)>$", text, re.MULTILINE)
    led = re.findall(rb"^References: <([^<>]+)>", text, re.MULTILINE)
    senders = re.findall(rb"^From: (\S+ at \S+) \(", text, re.MULTILINE)
    missing, first = set(answered) - set(ids), set(led) - set(ids)
    assert found.items == {"posts": len(ids)} == {"posts": 109}
    assert found.facts == {"post.created": len(ids)}
    assert found.odd == some(
        orphan=sum(one in missing for one in answered), no_first_post=len(first)
    )
    assert found.all["people"] == len({sender.lower() for sender in senders})


def test_convokit():
    found = Found("convokit")
    said = _lines("convokit/utterances.jsonl")
    gone = [line for line in said if line["text"] in {"[deleted]", "[removed]"}]
    roots = [line for line in said if line["reply-to"] is None]
    assert found.all["threads"] == len({line["conversation_id"] for line in said})
    assert found.items == {"posts": len(roots), "comments": len(said) - len(roots)}
    assert found.facts == some(
        post__created=len(roots),
        comment__created=len(said) - len(roots),
        item__deleted=len(gone),
        thread__observed=len(roots),
    )
    assert found.odd == some(deleted_author=sum(line["speaker"] == "[deleted]" for line in said))


def test_api_pages():
    found = Found("stack-exchange/api")
    questions = []
    for path in sorted((ARCHIVES / "stack-exchange/api").iterdir()):
        page = json.loads(path.read_text())
        questions += page["items"] if isinstance(page, dict) else page
    answers = {a["answer_id"] for q in questions for a in q["answers"]}
    comments = {c["comment_id"] for q in questions for c in q["comments"]}
    asked = {q["question_id"] for q in questions}
    copies = sum(1 + len(q["answers"]) + len(q["comments"]) for q in questions)
    assert found.items == some(questions=len(asked), answers=len(answers), comments=len(comments))
    assert found.odd["doubled-item"] == copies - len(asked) - len(answers) - len(comments)
    apart = {a["question_id"] for q in questions for a in q["answers"]} - asked
    assert found.all["threads"] == len(asked | apart)
    assert found.odd["no-first-post"] == found.odd["orphan"] == len(apart)


@pytest.mark.parametrize("form", ["text", "html"])
def test_pages_of_a_mirror(form):
    truth = [_json(path) for path in sorted((ARCHIVES / "kiwix-pages/truth").iterdir())]
    posts = [post for page in truth for post in page["posts"]]
    comments = [comment for post in posts for comment in post["comments"]]
    pages = sorted((ARCHIVES / "kiwix-pages" / form).iterdir())
    found = Found(*pages, community="conlang.meta")
    assert found.all["threads"] == len(truth)
    assert found.items == {
        "questions": len(truth),
        "answers": len(posts) - len(truth),
        "comments": len(comments),
    }
    assert found.odd["printed-date-refused"] == len(posts) - len(truth)
    nameless = sum(comment["author"] == "None" for comment in comments)
    if form == "text":
        assert found.odd["author-missing"] == len(posts) - len(truth)
    else:
        nameless += sum(post["author"] == "None" for post in posts)
    assert found.odd.get("deleted-author", 0) == nameless
