//! How promises were kept: the first round of petitions received in a time (design §4).

use super::{Column, Figure};

pub(super) const FIGURES: &[Figure] = &[
    Figure::count(
        "received",
        Column::Received,
        ["Tiếp nhận", "Received"],
        [
            "Số đơn tiếp nhận từ `from` đến trước `to`, theo tình trạng tại `as_of`. Bằng tổng của tám cột sau.",
            "Petitions received from `from` until before `to`, as they stood at `as_of`. The sum of the eight columns that follow.",
        ],
    ),
    Figure::count(
        "resolved_early",
        Column::ResolvedEarly,
        ["Trước hạn", "Early"],
        ["Đã trả lời vào ngày trước ngày hết hạn.", "Answered on a day before the last one."],
    ),
    Figure::count(
        "resolved_on_time",
        Column::ResolvedOnTime,
        ["Đúng hạn", "On time"],
        ["Đã trả lời trong ngày hết hạn.", "Answered on the last day."],
    ),
    Figure::count(
        "resolved_late",
        Column::ResolvedLate,
        ["Trễ hạn", "Late"],
        ["Đã trả lời khi hạn đã qua.", "Answered at or after the due instant."],
    ),
    Figure::count(
        "open_in_time",
        Column::OpenInTime,
        ["Đang giải quyết, trong hạn", "Open, in time"],
        ["Chưa trả lời, hạn chưa qua.", "Not answered, not yet due."],
    ),
    Figure::count(
        "open_overdue",
        Column::OpenOverdue,
        ["Đang giải quyết, quá hạn", "Open, overdue"],
        ["Chưa trả lời, hạn đã qua.", "Not answered, and due."],
    ),
    Figure::count(
        "open_paused",
        Column::OpenPaused,
        ["Tạm dừng tính hạn", "Paused"],
        ["Chưa trả lời, thời hạn đang tạm dừng.", "Not answered; the clock rests."],
    ),
    Figure::count(
        "ended_otherwise",
        Column::EndedOtherwise,
        ["Kết thúc khác", "Ended otherwise"],
        [
            "Lần giải quyết đầu kết thúc không có trả lời: không thụ lý, chuyển, gộp, tách, lưu, rút, đình chỉ.",
            "The first round ended without an answer: rejected, forwarded, merged, split, filed, withdrawn, terminated.",
        ],
    ),
    Figure::count(
        "no_deadline",
        Column::NoDeadline,
        ["Không có hạn", "No deadline"],
        ["Đã trả lời hoặc đang mở mà không có thời hạn.", "Answered or open without a clock."],
    ),
    Figure::count(
        "resolved",
        Column::Resolved,
        ["Đã giải quyết", "Resolved"],
        [
            "Đã trả lời và có thời hạn: trước hạn, đúng hạn và trễ hạn.",
            "Answered and with a deadline: early, on time and late.",
        ],
    ),
    Figure::count(
        "resolved_in_time",
        Column::ResolvedInTime,
        ["Giải quyết trong hạn", "Resolved in time"],
        ["Đã trả lời trước hạn hoặc đúng hạn.", "Answered early or on time."],
    ),
    Figure::count(
        "ended_late",
        Column::EndedLate,
        ["Kết thúc khác sau hạn", "Ended otherwise, late"],
        ["Kết thúc không có trả lời khi hạn đã qua.", "Ended without an answer at or after the due instant."],
    ),
    Figure::count(
        "judged_strictly",
        Column::JudgedStrictly,
        ["Tính theo cách chặt", "Judged strictly"],
        [
            "Đã giải quyết, cộng kết thúc khác sau hạn.",
            "Resolved, and those that ended otherwise at or after the due instant.",
        ],
    ),
    Figure::count(
        "in_time_by_issue_date",
        Column::InTimeByIssueDate,
        ["Trong hạn theo ngày văn bản", "In time by the issue date"],
        [
            "Đã giải quyết mà ngày ghi trên văn bản trả lời (hoặc thông báo) không sau ngày hết hạn; không có văn bản thì theo thời điểm ghi nhận.",
            "Resolved, with a reply whose document (or notice) is dated no later than the last day; without one, by the recorded instant.",
        ],
    ),
    Figure::count(
        "in_time_by_first_deadline",
        Column::InTimeByFirstDeadline,
        ["Trong hạn ban đầu", "In time by the first deadline"],
        [
            "Đã giải quyết trước hạn ban đầu của lần đầu: không tính gia hạn, tạm dừng, phân loại lại.",
            "Resolved before the end its clock had when it first stood: extensions, pauses and reclassification do not help.",
        ],
    ),
    Figure::share(
        "on_time_rate",
        ["resolved_in_time", "resolved"],
        ["Tỷ lệ đúng hạn", "On-time rate"],
        [
            "Giải quyết trong hạn trên đã giải quyết, theo thời điểm ghi nhận.",
            "Resolved in time out of resolved, by the recorded instant.",
        ],
    ),
    Figure::share(
        "on_time_rate_strict",
        ["resolved_in_time", "judged_strictly"],
        ["Tỷ lệ đúng hạn chặt", "Strict on-time rate"],
        [
            "Giải quyết trong hạn trên tất cả kết thúc, kể cả kết thúc khác sau hạn: kết thúc muộn kiểu nào cũng là trễ.",
            "Resolved in time out of those resolved or ended late in any way: a late ending of any kind counts as late.",
        ],
    ),
    Figure::share(
        "on_time_by_issue_date",
        ["in_time_by_issue_date", "resolved"],
        ["Tỷ lệ đúng hạn theo ngày văn bản", "On-time rate by issue date"],
        [
            "Như tỷ lệ đúng hạn, nhưng tính theo ngày ghi trên văn bản trả lời thay cho thời điểm ghi nhận.",
            "As the on-time rate, by the date on the reply's document in place of the recorded instant.",
        ],
    ),
    Figure::share(
        "on_time_by_first_deadline",
        ["in_time_by_first_deadline", "resolved"],
        ["Tỷ lệ đúng hạn ban đầu", "On-time rate by the first deadline"],
        [
            "Như tỷ lệ đúng hạn, nhưng theo hạn ban đầu: không tính gia hạn và tạm dừng.",
            "As the on-time rate, by the first deadline in place of the one that counts: without extensions and pauses.",
        ],
    ),
];
