# The programs are built so that a fault in memory is hard to use: what the compiler and the linker left in them says so.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test qw(bin_dir);

plan skip_all => 'readelf is not installed' if !`readelf --version 2>&1`;

sub readelf (@arguments) {
    open my $out, '-|', 'readelf', '-W', @arguments or die "readelf: $!";
    local $/;
    return <$out>;
}

my $version = bin_dir . '/weirctl';
plan skip_all => 'only the release build is' if `'$version' --version` !~ /\(Rel/ || readelf('-s', $version) =~ /__(?:asan|tsan|ubsan)_/;
my $is_x86 = `uname -m` =~ /x86_64/;

for my $program (qw(weir-node weir-analyzer weir-sidecar weirctl weir-loadgen)) {
    my $path = bin_dir . "/$program";
    my ($header, $segments, $dynamic, $symbols) = map { readelf($_, $path) } qw(-h -l -d -s);
    like($header, qr/Type:\s+DYN/, "$program: the system chooses its addresses");
    like($dynamic, qr/FLAGS_1.*\bPIE\b/, "$program: it is a position-independent program");
    like($segments, qr/\bGNU_RELRO\b/, "$program: its relocations cannot be written");
    like($dynamic, qr/FLAGS_1.*\bNOW\b/, "$program: and are all made at its start");
    like($segments, qr/GNU_STACK\s+(?:0x\w+\s+){5}RW\s/, "$program: its stack cannot be executed");
    unlike($segments, qr/LOAD\s+(?:0x\w+\s+){5}RWE/, "$program: nothing can be both written and executed");
    unlike($dynamic, qr/TEXTREL/, "$program: and no code is relocated");
    like($symbols, qr/__stack_chk_fail/, "$program: its stacks have canaries");
    like($symbols, qr/__(?:v?snprintf|memcpy|strcpy|f?printf|read|vfprintf)_chk/, "$program: calls of libc are checked");
    next if !$is_x86;
    my $code = `objdump -d --no-show-raw-insn --disassemble=main '$path'`;
    like($code, qr/<main>:\s+\w+:\s+endbr64/, "$program: calls reach only where functions begin");
}
done_testing;
