# SPDX-License-Identifier: GPL-2.0-only
"""A machine's device tree, changed."""
import subprocess

RESERVED = """
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		firmware@{start:x} {{
			reg = <{high:#x} {low:#x} 0 {size:#x}>;
			no-map;
		}};
	}};
}};
"""


def dtc(source, target, text):
    return subprocess.run(["dtc", "-q", "-I", source, "-O", target],
                          input=text, stdout=subprocess.PIPE,
                          check=True).stdout


def add_no_map(blob, start, size):
    """Has firmware keep memory that the kernel may not even map."""
    source = dtc("dtb", "dts", blob).decode()
    node = RESERVED.format(start=start, size=size, high=start >> 32,
                           low=start & 0xffffffff)
    return dtc("dts", "dtb", (source.rstrip().removesuffix("};") +
                              node).encode())
