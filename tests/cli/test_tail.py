"""The stream of events, as `tail` reads it off the line."""

from stream.cli.tail import parse


def test_frames_are_split_at_empty_lines_and_keep_their_ids():
    lines = [
        ": heartbeat",
        "id: A1",
        "event: org.threadline.post.created.v1",
        'data: {"one": 1}',
        "",
        "event: caught_up",
        "data: {}",
        "",
    ]
    found = [(frame.event, frame.id, frame.data) for frame in parse(iter(lines))]
    assert found == [
        ("org.threadline.post.created.v1", "A1", '{"one": 1}'),
        ("caught_up", None, "{}"),
    ]


def test_data_of_several_lines_is_one_text():
    (frame,) = parse(iter(["data: a", "data: b", ""]))
    assert frame.data == "a\nb"


def test_a_frame_cut_off_is_dropped():
    assert list(parse(iter(["id: A1", "data: half"]))) == []


def test_a_heartbeat_alone_is_no_frame():
    assert list(parse(iter([": heartbeat", "", ": heartbeat", ""]))) == []
