//! The register of problem codes: one row per way of saying no. A new failure is a new row here.

use actix_web::http::StatusCode;

use crate::domain::{refusal::Words, vocabulary::Language};

/// One row of the register.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The last segment of the problem's `type`, and its `code`.
    pub code: &'static str,
    /// The HTTP status it always has.
    pub status: StatusCode,
    title: [&'static str; 2],
    help: [&'static str; 2],
}

impl Row {
    /// What happened, in a few words.
    pub fn title(&self, language: Language) -> &'static str {
        pick(&self.title, language)
    }

    /// What to do about it.
    pub fn help(&self, language: Language) -> &'static str {
        pick(&self.help, language)
    }

    /// The help in both languages.
    pub fn help_words(&self) -> Words {
        Words::new(self.help(Language::Vi), self.help(Language::En))
    }
}

fn pick(texts: &[&'static str; 2], language: Language) -> &'static str {
    let [vi, en] = texts;
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

macro_rules! codes {
    ($($name:ident $code:literal $status:ident $vi:literal $en:literal; $help_vi:literal $help_en:literal)+) => {
        $(pub(super) static $name: Row = Row {
            code: $code,
            status: StatusCode::$status,
            title: [$vi, $en],
            help: [$help_vi, $help_en],
        };)+
        /// Every row, in the order of the statuses.
        pub static ALL: &[&Row] = &[$(&$name),+];
    };
}

codes! {
    MALFORMED "malformed" BAD_REQUEST
        "Yêu cầu không đọc được" "The request cannot be read";
        "Sửa các trường nêu trong errors rồi gửi lại." "Correct the fields named in errors and send it again."
    INVALID_PARAMETER "invalid-parameter" BAD_REQUEST
        "Tham số không hợp lệ" "A parameter or header has a value it cannot have";
        "Sửa tham số nêu trong errors." "Correct the parameter named in errors."
    UNKNOWN_PARAMETER "unknown-parameter" BAD_REQUEST
        "Tham số không tồn tại" "There is no such parameter";
        "Bỏ tham số nêu trong errors; tên tham số phân biệt chữ hoa, chữ thường." "Leave out the parameter named in errors; names are case-sensitive."
    INVALID_CURSOR "invalid-cursor" BAD_REQUEST
        "Con trỏ trang không hợp lệ" "The cursor is not valid here";
        "Lấy lại từ trang đầu, giữ nguyên bộ lọc giữa các trang." "Start again from the first page and keep the filters the same between pages."
    IDEMPOTENCY_KEY_REQUIRED "idempotency-key-required" BAD_REQUEST
        "Thiếu Idempotency-Key" "Idempotency-Key is missing";
        "Gửi tiêu đề Idempotency-Key với một UUID mới cho mỗi việc mới; gửi lại cùng giá trị khi thử lại." "Send the header Idempotency-Key with a new UUID for each new act, and the same value when you try again."
    IDEMPOTENCY_KEY_INVALID "idempotency-key-invalid" BAD_REQUEST
        "Idempotency-Key không hợp lệ" "Idempotency-Key is not valid";
        "Dùng 1–64 ký tự ASCII nhìn thấy được; khi không đăng nhập phải là UUID." "Use 1–64 visible ASCII characters; without signing in it must be a UUID."
    INVALID_GRANT "invalid-grant" BAD_REQUEST
        "Không đổi được mã này" "This cannot be exchanged";
        "Mã không đúng, đã dùng, đã hết hạn hoặc đã bị thu hồi; hãy đăng nhập lại." "It is wrong, used, over or revoked; sign in again."
    UNAUTHENTICATED "unauthenticated" UNAUTHORIZED
        "Chưa xác thực" "Not authenticated";
        "Đăng nhập hoặc lấy mã truy cập mới rồi gửi lại trong tiêu đề Authorization." "Sign in or get a new token, and send it in the Authorization header."
    FORBIDDEN "forbidden" FORBIDDEN
        "Không được phép" "Not allowed";
        "Vai trò của bạn không được làm việc này ở đây." "Your roles do not include this act here."
    NOT_FOUND "not-found" NOT_FOUND
        "Không tìm thấy" "Not found";
        "Không có gì ở địa chỉ này mà bạn được xem." "There is nothing at this address that you may see."
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED
        "Phương thức không được hỗ trợ" "The address has no such method";
        "Dùng một trong các phương thức nêu trong tiêu đề Allow." "Use one of the methods named in the Allow header."
    NOT_ACCEPTABLE "not-acceptable" NOT_ACCEPTABLE
        "Không có định dạng được yêu cầu" "There is no such representation";
        "Yêu cầu application/json." "Ask for application/json."
    TOO_SLOW "request-timeout" REQUEST_TIMEOUT
        "Nội dung gửi đến quá chậm" "The body did not arrive in time";
        "Thử lại với kết nối tốt hơn, giữ nguyên Idempotency-Key." "Try again on a better connection, with the same Idempotency-Key."
    CONFLICT "conflict" CONFLICT
        "Không thực hiện được ở tình trạng hiện tại" "Not possible as things stand";
        "Xem lại đơn và các việc có thể làm trong actions." "Read the petition again and see its actions."
    ILLEGAL_TRANSITION "illegal-transition" CONFLICT
        "Đơn không thể chuyển như vậy" "The petition cannot make this move";
        "Xem các việc có thể làm trong actions của đơn." "See the petition's actions for what can be done."
    IDEMPOTENCY_IN_PROGRESS "idempotency-in-progress" CONFLICT
        "Yêu cầu trước cùng khóa đang được xử lý" "The first request with this key is still running";
        "Thử lại sau một giây." "Try again in a second."
    GONE "gone" GONE
        "Không còn nữa" "No longer there";
        "Dữ liệu này đã bị gỡ và không trở lại." "This was removed and will not come back."
    RESYNC_REQUIRED "resync-required" GONE
        "Cần đồng bộ lại từ đầu" "Start the synchronisation again";
        "Con trỏ đã quá cũ; lấy lại toàn bộ rồi tiếp tục." "The cursor is too old; take a full copy and go on from there."
    PRECONDITION_FAILED "precondition-failed" PRECONDITION_FAILED
        "Đơn đã thay đổi" "The petition changed since you read it";
        "Đọc lại đơn, rồi gửi If-Match với ETag mới, dạng mạnh như \"7\"." "Read the petition again and send If-Match with its new ETag, a strong one such as \"7\"."
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE
        "Nội dung quá lớn" "The body is too large";
        "Gửi nội dung ngắn hơn." "Send a shorter body."
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE
        "Kiểu nội dung không được hỗ trợ" "The body has another type than expected";
        "Gửi Content-Type: application/json, không nén." "Send Content-Type: application/json, not compressed."
    RANGE_NOT_SATISFIABLE "range-not-satisfiable" RANGE_NOT_SATISFIABLE
        "Không có phần được yêu cầu" "There is no such part";
        "Độ dài của tệp nêu trong tiêu đề Content-Range; yêu cầu một phần nằm trong đó, hoặc bỏ Range." "The length of the file stands in the header Content-Range; ask for a part of it, or leave Range out."
    VALIDATION "validation" UNPROCESSABLE_ENTITY
        "Nội dung chưa đạt" "The content does not do";
        "Sửa các trường nêu trong errors rồi gửi lại." "Correct the fields named in errors and send it again."
    IDEMPOTENCY_KEY_REUSED "idempotency-key-reused" UNPROCESSABLE_ENTITY
        "Idempotency-Key đã dùng cho yêu cầu khác" "This Idempotency-Key served another request";
        "Dùng khóa mới cho việc mới." "Use a new key for a new act."
    PRECONDITION_REQUIRED "precondition-required" PRECONDITION_REQUIRED
        "Thiếu If-Match" "If-Match is missing";
        "Gửi If-Match với ETag của đơn mà bạn vừa đọc." "Send If-Match with the ETag of the petition as you read it."
    QUOTA_EXCEEDED "quota-exceeded" TOO_MANY_REQUESTS
        "Quá nhiều yêu cầu" "Too many requests";
        "Thử lại sau thời gian nêu trong Retry-After." "Try again after the time in Retry-After."
    INTERNAL "internal" INTERNAL_SERVER_ERROR
        "Lỗi của hệ thống" "A fault of ours";
        "Thử lại sau; nếu vẫn lỗi, báo cho chúng tôi kèm request_id." "Try again later; if it stays, tell us the request_id."
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE
        "Tạm thời không phục vụ được" "Not available for the moment";
        "Thử lại sau thời gian nêu trong Retry-After." "Try again after the time in Retry-After."
}

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Row> {
    ALL.iter().copied().find(|row| row.code == code)
}

/// The row that says no more than a status does, for failures of the framework.
pub fn of_status(status: StatusCode) -> &'static Row {
    let fallback = if status.is_server_error() { &INTERNAL } else { &MALFORMED };
    ALL.iter().copied().find(|row| row.status == status).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_grow_with_the_status() {
        let mut codes: Vec<&str> = ALL.iter().map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(ALL.is_sorted_by_key(|row| row.status.as_u16()));
        assert!(ALL.iter().all(|row| row.status.is_client_error() || row.status.is_server_error()));
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    #[test]
    fn every_status_has_a_row() {
        assert_eq!(of_status(StatusCode::NOT_FOUND), &NOT_FOUND);
        assert_eq!(of_status(StatusCode::IM_A_TEAPOT), &MALFORMED);
        assert_eq!(of_status(StatusCode::BAD_GATEWAY), &INTERNAL);
        assert_eq!(find("stale"), None);
        assert_eq!(find("precondition-failed"), Some(&PRECONDITION_FAILED));
    }
}
