//! What was there, came, went and stayed:
//! opening + received + moved_in − answered − ended − moved_out = closing, for every group.
//!
//! Here a figure counts moves: a petition that is answered twice in a time is counted twice.

use super::{Column, Figure};

pub(super) const FIGURES: &[Figure] = &[
    Figure::count(
        "opening",
        Column::Opening,
        ["Tồn đầu kỳ", "Opening"],
        ["Đang mở ngay trước `from`.", "Open immediately before `from`."],
    ),
    Figure::count(
        "received",
        Column::CameIn,
        ["Nhận trong kỳ", "Received"],
        [
            "Nhận mới trong kỳ, và mở lại trong kỳ (kể cả hủy gộp): đơn mở lại vào tồn như đơn mới.",
            "Received in the window, or reopened in it (a reversed merge too): a reopened petition enters as a new one does.",
        ],
    ),
    Figure::count(
        "reopened",
        Column::CameBack,
        ["Trong đó mở lại", "Of which reopened"],
        [
            "Phần của `received` là đơn mở lại hoặc hủy gộp.",
            "The part of `received` that was reopened, or whose merge was reversed.",
        ],
    ),
    Figure::count(
        "moved_in",
        Column::MovedIn,
        ["Chuyển đến", "Moved in"],
        [
            "Đơn đang mở chuyển từ nhóm khác đến trong kỳ.",
            "Open petitions that came from another group in the window.",
        ],
    ),
    Figure::count(
        "answered",
        Column::WasAnswered,
        ["Đã trả lời", "Answered"],
        [
            "Được trả lời trong kỳ, tính cho nhóm đang giữ khi đó.",
            "Answered in the window, with the group that had it then.",
        ],
    ),
    Figure::count(
        "ended",
        Column::WasEnded,
        ["Kết thúc khác", "Ended otherwise"],
        [
            "Kết thúc không có trả lời trong kỳ: không thụ lý, chuyển, gộp, tách, lưu, rút, đình chỉ.",
            "Ended without an answer in the window: rejected, forwarded, merged, split, filed, withdrawn, terminated.",
        ],
    ),
    Figure::count(
        "moved_out",
        Column::MovedOut,
        ["Chuyển đi", "Moved out"],
        [
            "Đơn đang mở chuyển sang nhóm khác trong kỳ.",
            "Open petitions that went to another group in the window.",
        ],
    ),
    Figure::count(
        "closing",
        Column::Closing,
        ["Tồn cuối kỳ", "Closing"],
        [
            "Đang mở ngay trước `to`, hoặc tại `as_of` nếu sớm hơn.",
            "Open immediately before `to`, or at `as_of` where that is earlier.",
        ],
    ),
];
