//! What was done on the way to an answer, how long it took, and what came of it: of petitions received in a time.

use super::{Amount, Column, Figure};

pub(super) const FIGURES: &[Figure] = &[
    Figure::count(
        "received",
        Column::Received,
        ["Tiếp nhận", "Received"],
        [
            "Số đơn tiếp nhận từ `from` đến trước `to`, theo tình trạng tại `as_of`.",
            "Petitions received from `from` until before `to`, as they stood at `as_of`.",
        ],
    ),
    Figure::count(
        "taken_up",
        Column::TakenUp,
        ["Đã thụ lý", "Taken up"],
        ["Có ít nhất một lần thụ lý.", "Accepted at least once."],
    ),
    Figure::count(
        "extended",
        Column::Extended,
        ["Đã gia hạn", "Extended"],
        ["Có ít nhất một quyết định gia hạn.", "Extended at least once."],
    ),
    Figure::count(
        "extended_again",
        Column::ExtendedAgain,
        ["Gia hạn nhiều lần", "Extended again"],
        ["Gia hạn từ hai lần.", "Extended twice or more."],
    ),
    Figure::count(
        "extended_late",
        Column::ExtendedLate,
        ["Gia hạn muộn", "Extended late"],
        [
            "Có gia hạn ghi nhận khi hạn được gia hạn đã qua, hoặc quyết định ký sau ngày hết hạn đó.",
            "With an extension recorded at or after the end it extends, or by a decision dated after that day.",
        ],
    ),
    Figure::count(
        "extended_unsupported",
        Column::ExtendedUnsupported,
        ["Gia hạn thiếu căn cứ", "Extended without support"],
        [
            "Có gia hạn không nêu tiêu chí phức tạp, hoặc không có số quyết định.",
            "With an extension that names no criterion of complexity, or no decision number.",
        ],
    ),
    Figure::count(
        "extended_unannounced",
        Column::ExtendedUnannounced,
        ["Gia hạn chưa báo ngay", "Extended unannounced"],
        [
            "Có gia hạn mà người gửi không được báo trong ngày quyết định: không báo, hoặc báo sau.",
            "With an extension of which the citizen was not told on the day of the decision: not at all, or later.",
        ],
    ),
    Figure::count(
        "suspended",
        Column::Suspended,
        ["Đã tạm đình chỉ", "Suspended"],
        ["Có ít nhất một lần tạm đình chỉ.", "Suspended at least once."],
    ),
    Figure::count(
        "suspended_again",
        Column::SuspendedAgain,
        ["Tạm đình chỉ nhiều lần", "Suspended again"],
        ["Tạm đình chỉ từ hai lần.", "Suspended twice or more."],
    ),
    Figure::count(
        "assigned",
        Column::Assigned,
        ["Đã giao xử lý", "Assigned"],
        ["Có ít nhất một lần giao xử lý.", "Assigned at least once."],
    ),
    Figure::count(
        "transferred",
        Column::Transferred,
        ["Đã chuyển xử lý", "Transferred"],
        ["Có ít nhất một lần chuyển xử lý.", "Transferred at least once."],
    ),
    Figure::count(
        "transferred_again",
        Column::TransferredAgain,
        ["Chuyển lòng vòng", "Transferred again"],
        ["Chuyển xử lý từ hai lần.", "Transferred twice or more."],
    ),
    Figure::count(
        "submitted",
        Column::Submitted,
        ["Đã trình trả lời", "Reply submitted"],
        ["Có ít nhất một lần trình duyệt trả lời.", "A reply was submitted at least once."],
    ),
    Figure::count(
        "returned",
        Column::Returned,
        ["Trả lại dự thảo", "Reply returned"],
        ["Có ít nhất một lần trả lại dự thảo.", "A draft was returned at least once."],
    ),
    Figure::count(
        "first_round_over",
        Column::FirstRoundOver,
        ["Xong lần giải quyết đầu", "First round over"],
        [
            "Lần giải quyết đầu đã trả lời hoặc kết thúc khác.",
            "The first round was answered or ended otherwise.",
        ],
    ),
    Figure::count(
        "reopened",
        Column::Reopened,
        ["Đã mở lại", "Reopened"],
        ["Có từ hai lần giải quyết.", "In a second round or beyond."],
    ),
    Figure::count(
        "answered",
        Column::Answered,
        ["Đã trả lời", "Answered"],
        ["Lần giải quyết đầu đã có trả lời.", "The first round was answered."],
    ),
    Figure::count(
        "rated",
        Column::Rated,
        ["Đã đánh giá", "Rated"],
        ["Người gửi đã đánh giá trả lời của lần đầu.", "The citizen rated the answer of the first round."],
    ),
    Figure::count(
        "satisfied",
        Column::Satisfied,
        ["Hài lòng", "Satisfied"],
        ["Đánh giá gần nhất của lần đầu: hài lòng.", "The rating of the first round says satisfied."],
    ),
    Figure::count(
        "acceptable",
        Column::Acceptable,
        ["Chấp nhận", "Acceptable"],
        ["Đánh giá của lần đầu: chấp nhận.", "The rating of the first round says acceptable."],
    ),
    Figure::count(
        "dissatisfied",
        Column::Dissatisfied,
        ["Không hài lòng", "Dissatisfied"],
        ["Đánh giá của lần đầu: không hài lòng.", "The rating of the first round says dissatisfied."],
    ),
    Figure::count(
        "published",
        Column::Published,
        ["Đã công khai", "Published"],
        [
            "Trả lời của lần đầu đã được công khai, kể cả khi sau đó bị gỡ.",
            "The answer of the first round was published, even if it was taken down later.",
        ],
    ),
    Figure::count(
        "publication_promised",
        Column::PublicationPromised,
        ["Có hạn công khai", "With a deadline of publication"],
        ["Lần đầu có thời hạn công khai kết quả.", "The first round has a clock of publication."],
    ),
    Figure::count(
        "published_in_time",
        Column::PublishedInTime,
        ["Công khai trong hạn", "Published in time"],
        [
            "Có hạn công khai, và đã công khai trước hạn đó.",
            "With a clock of publication, and published before it was due.",
        ],
    ),
    Figure::count(
        "withheld",
        Column::Withheld,
        ["Chưa công khai", "Withheld"],
        [
            "Lần giải quyết đầu đã trả lời mà chưa bao giờ được công khai.",
            "The first round was answered, and its answer never published.",
        ],
    ),
    Figure::count(
        "taken_down",
        Column::TakenDown,
        ["Đã gỡ", "Taken down"],
        ["Bản công khai đã bị gỡ ít nhất một lần.", "What was public was taken down at least once."],
    ),
    Figure::count(
        "delivery_promised",
        Column::DeliveryPromised,
        ["Có hạn gửi kết quả", "With a deadline of delivery"],
        ["Lần đầu có thời hạn gửi kết quả.", "The first round has a clock of delivery."],
    ),
    Figure::count(
        "delivered",
        Column::Delivered,
        ["Đã gửi kết quả", "Delivered"],
        ["Có hạn gửi kết quả, và đã gửi.", "With a clock of delivery, and delivered."],
    ),
    Figure::count(
        "delivered_in_time",
        Column::DeliveredInTime,
        ["Gửi kết quả trong hạn", "Delivered in time"],
        [
            "Có hạn gửi kết quả, và đã gửi trước hạn đó.",
            "With a clock of delivery, and delivered before it was due.",
        ],
    ),
    Figure::count(
        "reconsideration_asked",
        Column::ReconsiderationAsked,
        ["Đề nghị xem xét lại", "Reconsideration asked for"],
        ["Có ít nhất một đề nghị xem xét lại.", "Reconsideration was asked for at least once."],
    ),
    Figure::count(
        "reconsideration_refused",
        Column::ReconsiderationRefused,
        ["Từ chối xem xét lại", "Reconsideration refused"],
        ["Có ít nhất một lần từ chối xem xét lại.", "Reconsideration was refused at least once."],
    ),
    Figure::count(
        "reconsideration_ignored",
        Column::ReconsiderationIgnored,
        ["Chưa trả lời đề nghị xem xét lại", "Reconsideration ignored"],
        [
            "Đề nghị xem xét lại đã quá hạn mà chưa mở lại, cũng chưa từ chối.",
            "A request is past its clock, and neither granted nor refused.",
        ],
    ),
    Figure::count(
        "second_instance",
        Column::SecondInstance,
        ["Khiếu nại lần hai đã giải quyết", "Second instance, answered"],
        [
            "Khiếu nại lần hai đã có quyết định giải quyết.",
            "Complaints of second instance that were answered.",
        ],
    ),
    Figure::count(
        "overturned",
        Column::Overturned,
        ["Lần hai sửa quyết định lần đầu", "Overturned at second instance"],
        [
            "Khiếu nại lần hai được công nhận đúng, hoặc đúng một phần.",
            "Complaints of second instance that were upheld, wholly or in part: against the first decision.",
        ],
    ),
    Figure::share(
        "extension_rate",
        ["extended", "taken_up"],
        ["Tỷ lệ gia hạn", "Extension rate"],
        ["Đã gia hạn trên đã thụ lý.", "Extended out of taken up."],
    ),
    Figure::share(
        "suspension_rate",
        ["suspended", "taken_up"],
        ["Tỷ lệ tạm đình chỉ", "Suspension rate"],
        ["Đã tạm đình chỉ trên đã thụ lý.", "Suspended out of taken up."],
    ),
    Figure::share(
        "transfer_rate",
        ["transferred", "assigned"],
        ["Tỷ lệ chuyển xử lý", "Transfer rate"],
        ["Đã chuyển xử lý trên đã giao.", "Transferred out of assigned."],
    ),
    Figure::share(
        "return_rate",
        ["returned", "submitted"],
        ["Tỷ lệ trả lại dự thảo", "Return rate"],
        ["Bị trả lại trên đã trình.", "Returned out of submitted."],
    ),
    Figure::share(
        "reopening_rate",
        ["reopened", "first_round_over"],
        ["Tỷ lệ mở lại", "Reopening rate"],
        ["Đã mở lại trên đã xong lần đầu.", "Reopened out of those whose first round is over."],
    ),
    Figure::share(
        "response_rate",
        ["rated", "answered"],
        ["Tỷ lệ có đánh giá", "Response rate"],
        ["Đã đánh giá trên đã trả lời.", "Rated out of answered."],
    ),
    Figure::share(
        "satisfaction_rate",
        ["satisfied", "rated"],
        ["Tỷ lệ hài lòng", "Satisfaction rate"],
        [
            "Hài lòng trên đã đánh giá; đọc cùng tỷ lệ có đánh giá.",
            "Satisfied out of rated; to be read with the response rate.",
        ],
    ),
    Figure::share(
        "publication_rate",
        ["published", "answered"],
        ["Tỷ lệ công khai", "Publication rate"],
        ["Đã công khai trên đã trả lời.", "Published out of answered."],
    ),
    Figure::share(
        "publication_in_time_rate",
        ["published_in_time", "publication_promised"],
        ["Tỷ lệ công khai trong hạn", "Rate of publication in time"],
        [
            "Công khai trong hạn trên có hạn công khai.",
            "Published in time out of those with a clock of publication.",
        ],
    ),
    Figure::share(
        "overturning_rate",
        ["overturned", "second_instance"],
        ["Tỷ lệ sửa ở lần hai", "Overturning rate"],
        [
            "Bị sửa trên khiếu nại lần hai đã giải quyết.",
            "Overturned out of those answered at second instance.",
        ],
    ),
    Figure::share(
        "delivery_in_time_rate",
        ["delivered_in_time", "delivery_promised"],
        ["Tỷ lệ gửi kết quả trong hạn", "Rate of delivery in time"],
        ["Gửi trong hạn trên có hạn gửi.", "Delivered in time out of those with a clock of delivery."],
    ),
    Figure::mean(
        "mean_hops",
        (Amount::Hops, "assigned"),
        ["Số lần chuyển trung bình", "Mean transfers"],
        [
            "Số lần chuyển xử lý trung bình của đơn đã giao.",
            "Transfers of each assigned petition, on average.",
        ],
    ),
    Figure::mean(
        "mean_handling_days",
        (Amount::HandlingDays, "answered"),
        ["Thời gian xử lý trung bình", "Mean handling time"],
        [
            "Số ngày làm việc trung bình từ ngày nhận đến ngày trả lời lần đầu; ngày nhận không tính.",
            "Working days from the day of receipt, which does not count, to the day of the first answer, on average.",
        ],
    ),
    Figure::median(
        "median_handling_days",
        (Amount::HandlingDays, "answered"),
        ["Thời gian xử lý trung vị", "Median handling time"],
        ["Trung vị của các thời gian đó.", "The median of these times."],
    ),
    Figure::mean(
        "mean_publication_days",
        (Amount::PublicationDays, "published"),
        ["Thời gian công khai trung bình", "Mean delay of publication"],
        [
            "Số ngày làm việc trung bình từ ngày trả lời lần đầu đến ngày công khai đầu tiên.",
            "Working days from the day of the first answer to the day of its first publication, on average.",
        ],
    ),
    Figure::median(
        "median_publication_days",
        (Amount::PublicationDays, "published"),
        ["Thời gian công khai trung vị", "Median delay of publication"],
        ["Trung vị của các thời gian đó.", "The median of these times."],
    ),
];
