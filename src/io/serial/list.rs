//! The serial ports of this machine, as the crate serialport finds them.

use mlua::ffi::{self, lua_State};
use serialport::{SerialPortType, available_ports};
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"serial_list", list)];

/// Sets a field of the table on the top.
///
/// # Safety
/// `l` is a valid state with a table on its top and a free slot.
unsafe fn text(l: *mut lua_State, name: &CStr, value: &str) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_pushlstring(l, value.as_ptr().cast(), value.len());
        ffi::lua_setfield(l, -2, name.as_ptr());
    }
}

/// `serial_list() -> list of {device, kind, vendor_id, product_id, serial_number, manufacturer, product} | nil`.
unsafe extern "C-unwind" fn list(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua, which gives it 20 slots.
    unsafe {
        let Ok(ports) = available_ports() else {
            ffi::lua_pushnil(l);
            return 1;
        };
        ffi::lua_createtable(l, ports.len() as c_int, 0);
        for (i, port) in ports.iter().enumerate() {
            ffi::lua_createtable(l, 0, 7);
            text(l, c"device", &port.port_name);
            let kind = match &port.port_type {
                SerialPortType::UsbPort(usb) => {
                    for (name, id) in [(c"vendor_id", usb.vid), (c"product_id", usb.pid)] {
                        ffi::lua_pushinteger(l, ffi::lua_Integer::from(id));
                        ffi::lua_setfield(l, -2, name.as_ptr());
                    }
                    for (name, value) in [
                        (c"serial_number", &usb.serial_number),
                        (c"manufacturer", &usb.manufacturer),
                        (c"product", &usb.product),
                    ] {
                        if let Some(value) = value {
                            text(l, name, value);
                        }
                    }
                    "usb"
                }
                SerialPortType::PciPort => "pci",
                SerialPortType::BluetoothPort => "bluetooth",
                SerialPortType::Unknown => "unknown",
            };
            text(l, c"kind", kind);
            ffi::lua_rawseti(l, -2, i as ffi::lua_Integer + 1);
        }
    }
    1
}
