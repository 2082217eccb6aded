//! What a filter has of an init.script: the same functions, whose sources are the module's.

#[cfg_attr(target_os = "linux", path = "../../subprocess/close/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "../../subprocess/close/freebsd.rs")]
pub mod close;
#[path = "../../subprocess/init_script/constants.rs"]
pub mod constants;
#[path = "../../subprocess/init_script/functions.rs"]
pub mod functions;
#[path = "../../subprocess/message.rs"]
pub mod message;
#[cfg_attr(target_os = "linux", path = "../../subprocess/init_script/linux.rs")]
#[cfg_attr(
    target_os = "freebsd",
    path = "../../subprocess/init_script/freebsd.rs"
)]
pub mod platform;

pub use functions::OPERATIONS;

/// A Lua source by the name under which others import it.
#[repr(C)]
pub struct Source {
    name: *const u8,
    name_length: usize,
    text: *const u8,
    length: usize,
}

// SAFETY: it points to constants.
unsafe impl Sync for Source {}

macro_rules! sources {
    ($($name:literal $path:literal)*) => {
        &[$({
            const TEXT: &str = include_str!(concat!("../../../lua/emilua/", $path));
            Source {
                name: $name.as_ptr(),
                name_length: $name.len(),
                text: TEXT.as_ptr(),
                length: TEXT.len(),
            }
        }),*]
    };
}

/// The sources that make the world of a filter.
pub static SOURCES: &[Source] = sources! {
    "libc_service.filter" "libc_service/filter.lua"
    "libc_service.wire" "libc_service/wire.lua"
    "subprocess.init_script.calls" "subprocess/init_script/calls.lua"
    "subprocess.init_script.freebsd" "subprocess/init_script/freebsd.lua"
    "subprocess.init_script.helpers" "subprocess/init_script/helpers.lua"
    "subprocess.init_script.landlock" "subprocess/init_script/landlock.lua"
    "subprocess.init_script.linux" "subprocess/init_script/linux.lua"
    "subprocess.init_script.main" "subprocess/init_script/main.lua"
    "subprocess.init_script.native" "subprocess/init_script/native.lua"
    "subprocess.serial" "subprocess/serial.lua"
    "system.capabilities.names" "system/capabilities/names.lua"
    "system.capabilities.text" "system/capabilities/text.lua"
    "system.landlock.attributes" "system/landlock/attributes.lua"
};

/// The first to run.
pub const BOOT: &str = include_str!("../../../lua/emilua/libc_service/boot.lua");
