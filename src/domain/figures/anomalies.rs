//! What may have been done to make figures look better; each is a question to an agency, not a verdict.
//!
//! The window is that of the acts: when they were recorded. Thresholds are the `at_least` of a query.

use super::{Anomaly, Column, Figure};

pub(super) const FIGURES: &[Figure] = &[
    Figure::count(
        "backdated",
        Column::Anomaly(Anomaly::Backdated),
        ["Ghi lùi ngày", "Backdated"],
        [
            "Có hành vi được ghi nhận sau khi xảy ra ít nhất chừng ấy ngày (mặc định 3); tiếp nhận xét riêng.",
            "With an act recorded at least so many days after it is said to have happened (3 unless told); registration is looked at by itself.",
        ],
    ),
    Figure::count(
        "late_registration",
        Column::Anomaly(Anomaly::LateRegistration),
        ["Vào sổ muộn", "Registered late"],
        [
            "Được ghi nhận sau ngày nhận ít nhất chừng ấy ngày (mặc định 3).",
            "Registered at least so many days after it was received (3 unless told).",
        ],
    ),
    Figure::count(
        "issued_before_recording",
        Column::Anomaly(Anomaly::IssuedBeforeRecording),
        ["Văn bản ký trước ngày ghi nhận", "Issued before it was recorded"],
        [
            "Trả lời lần đầu bằng văn bản (hoặc thông báo) đề ngày trước ngày ghi nhận ít nhất chừng ấy ngày (mặc định 3).",
            "First answered by a document or notice dated at least so many days (3 unless told) before the day it was recorded.",
        ],
    ),
    Figure::count(
        "numbers_out_of_order",
        Column::Anomaly(Anomaly::NumbersOutOfOrder),
        ["Số và ngày văn bản ngược nhau", "Numbers out of order with dates"],
        [
            "Văn bản trả lời có ngày sau một văn bản số lớn hơn, cùng cơ quan, năm và ký hiệu.",
            "The reply's document is dated after one with a higher number of the same agency, year and symbol.",
        ],
    ),
    Figure::count(
        "register_gap",
        Column::Anomaly(Anomaly::RegisterGap),
        ["Nhảy số văn bản", "Gap in the register"],
        [
            "Trước số của văn bản trả lời thiếu ít nhất chừng ấy số (mặc định 1) so với văn bản liền trước cùng cơ quan, năm và ký hiệu; số đã cấp cho việc khác cũng thiếu ở đây.",
            "Before the number of the reply's document at least so many (1 unless told) are missing since the one before it of the same agency, year and symbol; numbers used for other business are missing here too.",
        ],
    ),
    Figure::count(
        "reply_just_before_due",
        Column::Anomaly(Anomaly::ReplyJustBeforeDue),
        ["Trả lời sát hạn", "Reply just before due"],
        [
            "Trả lời lần đầu trong chừng ấy giờ cuối trước hạn (mặc định 4).",
            "First answered within the last so many hours before it was due (4 unless told).",
        ],
    ),
    Figure::count(
        "bulk_closing",
        Column::Anomaly(Anomaly::BulkClosing),
        ["Kết thúc hàng loạt", "Bulk closing"],
        [
            "Được kết thúc hoặc trả lời bởi một người mà trong vòng một giờ trước và sau đã làm cùng việc ít nhất chừng ấy lần (mặc định 10).",
            "Ended or answered by a person who did the same at least so many times (10 unless told) within the hour before and the hour after.",
        ],
    ),
    Figure::count(
        "ended_after_due",
        Column::Anomaly(Anomaly::EndedAfterDue),
        ["Gộp, từ chối, lưu sau hạn", "Merged, rejected or filed after due"],
        [
            "Được gộp, không thụ lý hoặc lưu khi hạn của lần đầu đã qua: quá hạn mà không vào cột trễ hạn.",
            "Merged, rejected or filed at or after the due instant of the first round: late, and not in the column of the late.",
        ],
    ),
    Figure::count(
        "repeated_suspensions",
        Column::Anomaly(Anomaly::RepeatedSuspensions),
        ["Tạm đình chỉ nhiều lần", "Repeated suspensions"],
        [
            "Tạm đình chỉ ít nhất chừng ấy lần (mặc định 2), lần cuối trong kỳ.",
            "Suspended at least so many times (2 unless told), the last time in the window.",
        ],
    ),
    Figure::count(
        "same_text",
        Column::Anomaly(Anomaly::SameText),
        ["Cùng một nội dung trả lời nhiều đơn", "The same text to many"],
        [
            "Trả lời đã ký mà nội dung giống hệt trả lời của ít nhất chừng ấy đơn (mặc định 3, kể cả đơn này), bỏ qua chữ hoa, khoảng trắng và dấu câu.",
            "Answered by a signed text that at least so many petitions were answered by (3 unless told, this one included), but for case, spaces and punctuation.",
        ],
    ),
];

impl Anomaly {
    /// The threshold unless a reader names another; nothing for one that has none.
    pub fn at_least(self) -> Option<u32> {
        match self {
            Self::Backdated | Self::LateRegistration | Self::IssuedBeforeRecording | Self::SameText => {
                Some(3)
            }
            Self::RegisterGap => Some(1),
            Self::ReplyJustBeforeDue => Some(4),
            Self::BulkClosing => Some(10),
            Self::RepeatedSuspensions => Some(2),
            Self::NumbersOutOfOrder | Self::EndedAfterDue => None,
        }
    }
}
