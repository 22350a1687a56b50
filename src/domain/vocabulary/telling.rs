//! Reminding and telling: for whom, when, and as what somebody was told; lists that are given away as files.

use super::{Code, Language};

codes! {
    /// For whom a reminder is: it climbs from the responsible person to the head of the agency above.
    ReminderLevel "reminder level" {
        Person "person" "Người phụ trách" "Responsible person",
        Head "head" "Người đứng đầu" "Head",
        Superior "superior" "Cấp trên" "Superior",
    }
    /// From where the moment of a reminder is counted.
    Anchor "anchor" {
        ShareUsed "share_used" "Tỷ lệ thời hạn đã dùng (%)" "Share of the time used (%)",
        BeforeDue "before_due" "Trước hạn" "Before the due instant",
        AfterDue "after_due" "Sau hạn" "After the due instant",
        /// Never before the due instant: a pause is nobody's fault.
        AfterStart "after_start" "Sau khi bắt đầu" "After the start",
    }
    /// As what somebody was told.
    Recipient "recipient" {
        Person "person" "Người phụ trách" "Responsible person",
        /// Before an assignment: whoever receives or assigns at the agency that has it.
        Desk "desk" "Bộ phận tiếp nhận, điều phối" "Desk",
        Head "head" "Người đứng đầu" "Head",
        Superior "superior" "Người đứng đầu cấp trên" "Head of the agency above",
        Coordinator "coordinator" "Điều phối toàn hệ thống" "Coordinator of the installation",
        Admin "admin" "Quản trị" "Administrator",
    }
    /// What a notification is about.
    NotificationKind "kind of notification" {
        Reminder "reminder" "Nhắc hạn" "Reminder",
        Urging "urging" "Đôn đốc" "Urging",
        /// A reminder or an urging found nobody it was meant for.
        Unheard "unheard" "Không có người nhận" "Nobody to tell",
    }
    /// What an exported list is written as.
    ExportFormat "format of an export" {
        Ndjson "ndjson" "NDJSON" "NDJSON",
        Csv "csv" "CSV" "CSV",
        Xlsx "xlsx" "Excel (XLSX)" "Excel (XLSX)",
    }
    /// How far an export is.
    ExportState "state of an export" {
        Queued "queued" "Đang chờ" "Queued",
        Running "running" "Đang ghi" "Running",
        Succeeded "succeeded" "Đã xong" "Succeeded",
        Failed "failed" "Không thành" "Failed",
        Expired "expired" "Đã hết hạn" "Expired",
    }
}
