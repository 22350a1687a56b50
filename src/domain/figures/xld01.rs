//! Form 01/XLD of the inspectorate (handling of letters): letters carried over into a window or received in it, as they
//! stood at its end.

use super::{Column, Figure, Matter, Signers};

const CARRIED: [&str; 2] = [
    "Nhận trước kỳ và còn mở ngay trước `from`.",
    "Received before the window and open immediately before `from`.",
];
const NEW: [&str; 2] =
    ["Nhận trong kỳ, từ `from` đến trước `to`.", "Received in the window, from `from` until before `to`."];
const COMPETENT: [&str; 2] = [
    "Đã phân loại, không chuyển cơ quan khác, không bị từ chối vì không thuộc thẩm quyền.",
    "Classified, neither forwarded to another body nor refused for want of competence.",
];

pub(super) const FIGURES: &[Figure] = &[
    Figure::count(
        "carried_over",
        Column::CarriedOver(Signers::Any),
        ["Kỳ trước chuyển sang", "Carried over"],
        CARRIED,
    ),
    Figure::count(
        "carried_over_many",
        Column::CarriedOver(Signers::Many),
        ["Kỳ trước chuyển sang: nhiều người đứng tên", "Carried over, many signers"],
        ["Phần của `carried_over` do nhiều người gửi.", "The part of `carried_over` sent by several people."],
    ),
    Figure::count(
        "carried_over_one",
        Column::CarriedOver(Signers::One),
        ["Kỳ trước chuyển sang: một người đứng tên", "Carried over, one signer"],
        ["Phần của `carried_over` do một cá nhân gửi.", "The part of `carried_over` sent by one person."],
    ),
    Figure::count(
        "carried_over_other",
        Column::CarriedOver(Signers::Other),
        ["Kỳ trước chuyển sang: khác", "Carried over, other"],
        [
            "Phần của `carried_over` nặc danh hoặc do tổ chức gửi.",
            "The part of `carried_over` that is anonymous or from a body.",
        ],
    ),
    Figure::count("received", Column::NewLetters(Signers::Any), ["Tiếp nhận trong kỳ", "Received"], NEW),
    Figure::count(
        "received_many",
        Column::NewLetters(Signers::Many),
        ["Tiếp nhận: nhiều người đứng tên", "Received, many signers"],
        ["Phần của `received` do nhiều người gửi.", "The part of `received` sent by several people."],
    ),
    Figure::count(
        "received_one",
        Column::NewLetters(Signers::One),
        ["Tiếp nhận: một người đứng tên", "Received, one signer"],
        ["Phần của `received` do một cá nhân gửi.", "The part of `received` sent by one person."],
    ),
    Figure::count(
        "received_other",
        Column::NewLetters(Signers::Other),
        ["Tiếp nhận: khác", "Received, other"],
        [
            "Phần của `received` nặc danh hoặc do tổ chức gửi.",
            "The part of `received` that is anonymous or from a body.",
        ],
    ),
    Figure::count(
        "letters",
        Column::Letters,
        ["Tổng số đơn", "Letters"],
        ["Kỳ trước chuyển sang và tiếp nhận trong kỳ.", "Carried over and received."],
    ),
    Figure::count(
        "cases",
        Column::Cases,
        ["Số vụ việc", "Cases"],
        [
            "Số đơn trừ đơn đã gộp vào đơn khác và đơn đã tách thành đơn khác: nhiều đơn gộp là một vụ việc.",
            "Letters without those merged into another or split into others: several merged letters are one case.",
        ],
    ),
    Figure::count(
        "complaints",
        Column::OfKind(Matter::Complaint),
        ["Đơn khiếu nại", "Complaints"],
        ["Đơn là khiếu nại.", "Letters that are complaints."],
    ),
    Figure::count(
        "denunciations",
        Column::OfKind(Matter::Denunciation),
        ["Đơn tố cáo", "Denunciations"],
        ["Đơn là tố cáo.", "Letters that are denunciations."],
    ),
    Figure::count(
        "proposals",
        Column::OfKind(Matter::Other),
        ["Đơn kiến nghị, phản ánh", "Proposals and feedback"],
        ["Đơn kiến nghị, phản ánh, góp ý.", "Letters that are proposals, feedback or suggestions."],
    ),
    Figure::count(
        "settled_once",
        Column::SettledOnce,
        ["Đã giải quyết lần đầu", "Settled before, once"],
        [
            "Tiếp theo một đơn đã được trả lời, mà đơn đó không tiếp theo đơn đã trả lời nào.",
            "Follows a petition that was answered, and that one followed none that was.",
        ],
    ),
    Figure::count(
        "settled_again",
        Column::SettledAgain,
        ["Đã giải quyết nhiều lần", "Settled before, many times"],
        [
            "Tiếp theo một đơn đã được trả lời, mà đơn đó lại tiếp theo đơn đã trả lời.",
            "Follows a petition that was answered, which itself followed one that was.",
        ],
    ),
    Figure::count(
        "being_settled",
        Column::BeingSettled,
        ["Đang giải quyết", "Being settled"],
        ["Tiếp theo một đơn còn đang mở.", "Follows a petition that is still open."],
    ),
    Figure::count(
        "not_yet_settled",
        Column::NotYetSettled,
        ["Chưa giải quyết", "Not settled before"],
        [
            "Không tiếp theo đơn nào, hoặc đơn trước kết thúc không có trả lời.",
            "Follows no petition, or one that ended without an answer.",
        ],
    ),
    Figure::count(
        "competent_complaints",
        Column::Competent(Matter::Complaint),
        ["Thuộc thẩm quyền: khiếu nại", "Competent: complaints"],
        COMPETENT,
    ),
    Figure::count(
        "competent_denunciations",
        Column::Competent(Matter::Denunciation),
        ["Thuộc thẩm quyền: tố cáo", "Competent: denunciations"],
        COMPETENT,
    ),
    Figure::count(
        "competent_proposals",
        Column::Competent(Matter::Other),
        ["Thuộc thẩm quyền: kiến nghị, phản ánh", "Competent: proposals and feedback"],
        COMPETENT,
    ),
    Figure::count(
        "guided",
        Column::Guided,
        ["Hướng dẫn", "Guided"],
        [
            "Không thụ lý vì không thuộc thẩm quyền, có hướng dẫn nơi gửi.",
            "Refused for want of competence, and told whom to turn to.",
        ],
    ),
    Figure::count(
        "forwarded",
        Column::Forwarded,
        ["Chuyển đơn", "Forwarded"],
        ["Đã chuyển cơ quan khác.", "Passed on to another body."],
    ),
    Figure::count(
        "urged",
        Column::Urged,
        ["Đôn đốc", "Urged"],
        ["Có ít nhất một lần đôn đốc.", "Urged at least once."],
    ),
    Figure::count(
        "forwarding_answered",
        Column::ForwardingAnswered,
        ["Nhận văn bản trả lời do chuyển đơn", "Replies received from forwarding"],
        ["Đã chuyển và có kết quả của cơ quan nhận.", "Forwarded, with a result of the receiving body."],
    ),
];
